#include "elf_symbols.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "add the ELF machine number of this processor"
#endif

// Reads with every offset checked against the bytes that are there.
class Image {
 public:
  explicit Image(const std::string& path) : path_(path), bytes_(read_file(path)) {}

  template <class T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, range(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::span<const std::byte> range(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) refuse("is cut off");
    return std::span<const std::byte>(bytes_).subspan(offset, size);
  }

  [[noreturn]] void refuse(std::string_view reason) const {
    throw Error(DK_IO, fmt::format("{}: {}", path_, reason));
  }

 private:
  std::string path_;
  std::vector<std::byte> bytes_;
};

Elf64_Ehdr checked_header(const Image& image) {
  const auto magic = image.range(0, EI_NIDENT);
  if (std::memcmp(magic.data(), ELFMAG, SELFMAG) != 0) image.refuse("is not a shared library");
  const auto header = image.at<Elf64_Ehdr>(0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachine) {
    image.refuse("is built for another kind of machine");
  }
  if (header.e_type != ET_DYN) image.refuse("is not a shared library");
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Elf64_Shdr)) {
    image.refuse("has no section table");
  }
  return header;
}

std::string text_at(std::span<const std::byte> table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const std::string_view rest(reinterpret_cast<const char*>(table.data()) + offset,
                              table.size() - offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

bool is_exported(const Elf64_Sym& symbol) {
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL && visibility != STV_HIDDEN;
}

}  // namespace

std::vector<std::string> exported_symbols(const std::string& path) {
  const Image image(path);
  const Elf64_Ehdr header = checked_header(image);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto section = image.at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_DYNSYM) continue;
    if (section.sh_link >= header.e_shnum) image.refuse("has a damaged symbol table");
    const auto strings =
        image.at<Elf64_Shdr>(header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    const auto text = image.range(strings.sh_offset, strings.sh_size);
    image.range(section.sh_offset, section.sh_size);
    for (std::uint64_t k = 0; k < section.sh_size / sizeof(Elf64_Sym); ++k) {
      const auto symbol = image.at<Elf64_Sym>(section.sh_offset + k * sizeof(Elf64_Sym));
      if (is_exported(symbol)) names.push_back(text_at(text, symbol.st_name));
    }
  }
  return names;
}

}  // namespace dynkit
