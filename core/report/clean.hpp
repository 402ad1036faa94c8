#pragma once

#include <string>
#include <string_view>

namespace dynkit::report {

/// `text` without control characters, except tabs and line feeds, and without the characters that
/// change the direction of writing, by which a name can look like another.
std::string clean(std::string_view text);

/// JSON for inside a script element: no "<", which could end the element or begin a comment, and no
/// U+2028 and U+2029, which older scripts took for ends of lines.
std::string escape_for_script(std::string_view json);

}  // namespace dynkit::report
