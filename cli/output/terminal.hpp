#pragma once

#include <string>

namespace dynkit {

/// Results go to standard output, everything else to standard error. Where the reader has left, as
/// `| head` does, nothing more is printed: work goes on. Throws Error (DK_IO) for any other
/// failure.
void print(const std::string& text);
void print_error(const std::string& message);
void print_note(const std::string& message);

/// True if standard error is a terminal, so that a progress bar makes sense.
bool has_terminal();

/// Columns of the terminal on standard output; 100 if it is none.
int terminal_width();

}  // namespace dynkit
