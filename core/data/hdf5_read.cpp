#include "hdf5_read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "hdf5_handle.hpp"
#include "hdf5_values.hpp"
#include "limits.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

constexpr int kDepthLimit = 32;  // of groups

// Called by HDF5 for a link of a group, so it may not throw.
herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* links) noexcept {
  try {
    static_cast<std::vector<std::pair<std::string, H5L_type_t>>*>(links)->emplace_back(name,
                                                                                       info->type);
    return 0;
  } catch (...) {
    return -1;
  }
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) noexcept {
  try {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  } catch (...) {
    return -1;
  }
}

Attributes read_group_attributes(hid_t group, MemoryBudget& budget) {
  std::vector<std::string> names;
  check_hdf5(H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &names));
  Attributes attributes;
  for (const std::string& name : names) {
    const std::optional<Array> value = read_hdf5_attribute(group, name.c_str(), budget);
    if (!value || value->size() != 1 || !is_text(name)) continue;
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value->values)) {
      attributes[name] = texts->front();
    } else if (const auto* reals = std::get_if<std::vector<double>>(&value->values)) {
      attributes[name] = reals->front();
    } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value->values)) {
      attributes[name] = integers->front();
    } else if (const auto* octets = std::get_if<std::vector<std::uint8_t>>(&value->values)) {
      attributes[name] = std::int64_t{octets->front()};
    }
  }
  return attributes;
}

// Walks through the groups of a file along hard links, which stay inside it.
class Walk {
 public:
  std::function<void(const std::string& name, hid_t group)> on_group;
  std::function<void(const std::string& name, hid_t dataset)> on_dataset;
  std::function<void(SkippedObject)> on_skipped;

  void run(hid_t file) { visit(file, "", 0); }

 private:
  void visit(hid_t group, const std::string& name, int depth) {
    if (depth > kDepthLimit) {
      throw Error(DK_IO, fmt::format("groups are nested more than {} deep", kDepthLimit));
    }
    if (on_group) on_group(name, group);
    std::vector<std::pair<std::string, H5L_type_t>> links;
    check_hdf5(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_link, &links));
    for (const auto& link : links) {
      const std::string path = name.empty() ? link.first : name + "/" + link.first;
      if (link.second == H5L_TYPE_HARD) {
        visit_object(group, link.first, path, depth);
      } else {
        skip(path, "links are not followed");
      }
    }
  }

  void visit_object(hid_t group, const std::string& link, const std::string& path, int depth) {
    const Hdf5Handle object = own_hdf5(H5Oopen(group, link.c_str(), H5P_DEFAULT), H5Oclose);
    switch (H5Iget_type(object.get())) {
      case H5I_DATASET:
        if (is_name(path)) {
          on_dataset(path, object.get());
        } else {
          skip(path, "the name of an array cannot be this");
        }
        break;
      case H5I_GROUP: {
        H5O_info_t info;
        check_hdf5(H5Oget_info(object.get(), &info));
        // Also what keeps a group that contains itself from going on for ever.
        if (!visited_.insert(info.addr).second) {
          skip(path, "a second name of a group");
        } else {
          visit(object.get(), path, depth + 1);
        }
        break;
      }
      default:
        skip(path, "neither a group nor a dataset");
    }
  }

  void skip(const std::string& path, const char* reason) {
    if (on_skipped) on_skipped({printable(path), reason});
  }

  std::set<haddr_t> visited_;
};

Hdf5Handle open_file(const std::filesystem::path& path) {
  if (H5Fis_hdf5(path.c_str()) <= 0) throw Error(DK_IO, "is not an HDF5 file, or cut off");
  const Hdf5Handle options = own_hdf5(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Some network file systems have no locks.
  check_hdf5(H5Pset_file_locking(options.get(), true, true));
  return own_hdf5(H5Fopen(path.c_str(), H5F_ACC_RDONLY, options.get()), H5Fclose);
}

[[noreturn]] void throw_named(const std::string& what, const Error& e) {
  throw Error(e.status(), fmt::format("{}: {}", what, e.what()));
}

// Runs `work` and puts `what` before the message of what it throws.
template <class Work>
auto named(const std::string& what, Work work) {
  try {
    return work();
  } catch (const Error& e) {
    throw_named(what, e);
  }
}

std::string array_label(const std::string& name) {
  return fmt::format("array '{}'", printable(name));
}

}  // namespace

void visit_hdf5(const std::filesystem::path& path, const Hdf5Visitor& visitor) {
  const std::uint64_t size = regular_file_size(path);
  const Hdf5Session session;
  named(path.native(), [&] {
    const Hdf5Handle file = open_file(path);
    MemoryBudget budget(size);
    Walk walk;
    walk.on_dataset = [&](const std::string& name, hid_t dataset) {
      std::optional<Array> array;
      try {
        array = read_hdf5_dataset(dataset, budget);
      } catch (const Error& e) {
        if (e.status() != DK_UNSUPPORTED) throw_named(array_label(name), e);
        visitor.on_skipped({printable(name), e.what()});
        return;
      }
      visitor.on_array(name, std::move(*array));
    };
    walk.on_group = [&](const std::string& name, hid_t group) {
      if (!name.empty() && !is_name(name)) return;
      Attributes attributes = read_group_attributes(group, budget);
      if (!attributes.empty()) visitor.on_attributes(name, std::move(attributes));
    };
    walk.on_skipped = visitor.on_skipped;
    walk.run(file.get());
  });
}

FileContent load_hdf5(const std::filesystem::path& path) {
  FileContent content;
  visit_hdf5(path, {[&](const std::string& name, Array array) {
                      add_array(content.arrays, name, std::move(array));
                    },
                    [&](const std::string& group, Attributes attributes) {
                      content.attributes[group] = std::move(attributes);
                    },
                    [&](SkippedObject object) { content.skipped.push_back(std::move(object)); }});
  return content;
}

Array load_hdf5_array(const std::filesystem::path& path, const std::string& name) {
  const std::uint64_t size = regular_file_size(path);
  const Hdf5Session session;
  return named(path.native(), [&] {
    const Hdf5Handle file = open_file(path);
    MemoryBudget budget(size);
    std::optional<Array> array;
    // Not by its path, which HDF5 would follow through links into other files.
    Walk walk;
    walk.on_dataset = [&](const std::string& found, hid_t dataset) {
      if (found != name) return;
      array = named(array_label(name), [&] { return read_hdf5_dataset(dataset, budget); });
    };
    walk.run(file.get());
    if (!array) throw Error(DK_IO, fmt::format("has no array '{}'", printable(name)));
    return std::move(*array);
  });
}

std::vector<std::string> list_hdf5(const std::filesystem::path& path) {
  regular_file_size(path);
  const Hdf5Session session;
  return named(path.native(), [&] {
    const Hdf5Handle file = open_file(path);
    std::vector<std::string> names;
    Walk walk;
    walk.on_dataset = [&](const std::string& name, hid_t) { names.push_back(name); };
    walk.run(file.get());
    std::sort(names.begin(), names.end());
    return names;
  });
}

}  // namespace dynkit
