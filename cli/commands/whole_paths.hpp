#pragma once

#include <string>

#include "dynkit/core/config.hpp"
#include "dynkit/core/registry.hpp"

namespace dynkit {

/// Makes whole paths of the files that the table of a component names, since the experiment file
/// will stand in another folder: in settings declared as arrays or files, the weights of models,
/// and the same of components in settings. A file that is not there stays as it is written.
void make_paths_whole(Config::Table& table, const std::string& interface_id, Registry& registry);

/// True if the component declares a setting of that name; false also if it is not found.
bool declares_setting(const std::string& reference, const std::string& interface_id,
                      const std::string& setting, Registry& registry);

}  // namespace dynkit
