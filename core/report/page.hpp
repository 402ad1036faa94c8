// The page around the data; page/build.mjs writes it at build time.
#pragma once

#include <string_view>

namespace dynkit::report {

struct Page {
  std::string_view before_data;
  std::string_view before_plotly;  // between the data and the plotting library
  std::string_view after_plotly;
  std::string_view plotly_plane;  // with its script element: plotly for two dimensions, packed
  std::string_view plotly_space;  // the same for three
};

extern const Page kPage;

}  // namespace dynkit::report
