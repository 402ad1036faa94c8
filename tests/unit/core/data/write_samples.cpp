// Writes the arrays of golden_array into every format, for read_samples.py to read with the
// programs that users have.

#include "data_cases.hpp"
#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/hdf5.hpp"

int main(int argument_count, char** arguments) {
  using namespace dynkit;
  if (argument_count != 2) return 2;
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder);

  ArrayMap arrays, numbers;
  for (const char* name : {"f8", "i8", "u1"}) numbers[name] = golden_array(name);
  numbers["scalar"] = make_array<double>({}, {-2.5});
  numbers["empty"] = make_array<double>({3, 0, 2}, {});
  arrays = numbers;
  for (const char* name : {"c16", "U"}) arrays[name] = golden_array(name);
  arrays["group/noted"] = golden_array("f8");
  arrays["group/noted"].dimensions = {"trial", "time", "größe"};
  arrays["group/noted"].unit = "mV";
  arrays["group/noted"].help = "one line";

  save_arrays(folder / "samples.npz", arrays);
  save_arrays(folder / "samples.safetensors", numbers);
  save_hdf5(folder / "samples.h5", arrays,
            {{"", {{"title", "größe"}}}, {"group", {{"count", std::int64_t{-3}}, {"step", 0.1}}}});
  for (const auto& [name, array] : arrays) {
    if (name.find('/') == name.npos) save_arrays(folder / (name + ".npy"), {{name, array}});
  }
  return 0;
}
