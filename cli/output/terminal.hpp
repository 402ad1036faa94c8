#pragma once

#include <string>

namespace dynkit {

/// Results go to standard output, everything else to standard error.
void print(const std::string& text);
void print_error(const std::string& message);
void print_note(const std::string& message);

/// True if standard error is a terminal, so that a progress bar makes sense.
bool has_terminal();

/// Columns of the terminal on standard output; 100 if it is none.
int terminal_width();

}  // namespace dynkit
