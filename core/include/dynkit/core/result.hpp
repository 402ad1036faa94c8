// What a stage of a run leaves behind, in memory: filled by the sink that a plugin writes to,
// stored in results.h5 and run.json, and shown in report.html.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"

namespace dynkit {

struct NamedText {
  std::string name;
  std::string value;
};

/// One column of a table: an array of rank 1, of any element type.
struct Column {
  std::string name;
  Array values;  // [rows]
};

/// All columns have the same length.
struct Table {
  std::string name;
  std::string title;
  std::vector<Column> columns;
};

/// One series of a figure. An axis names an array of its stage, "x", or a column of one, "pca[0]":
/// an index into the last dimension, whatever the rank. Several dimensions that are left are read
/// in C order, so "states[0]" of states [S,T,n] stands for S T values.
///
/// | kind            | needs   | may have          | is |
/// | --------------- | ------- | ----------------- | -- |
/// | `line`          | y       | x, group, length  | lines in the plane; without x over the index |
/// | `scatter`       | x, y    | group             | points in the plane |
/// | `lines3d`       | x, y, z | group, length     | lines in space |
/// | `scatter3d`     | x, y, z | group             | points in space |
/// | `heatmap`       | z [r,c] | x [c], y [r]      | a matrix as colors |
/// | `histogram`     | x       | group             | counts of values in bins |
/// | `complex_plane` | x, y    | group             | real and imaginary parts, or complex x alone |
/// | `multipliers`   | x, y    | group             | the same, for eigenvalues of a map |
///
/// Lines that are stacked in one array end where `length` [lines] says; without it each row of the
/// last dimension left is a line (S lines of T points above), and an x of one row's length, [T],
/// serves all of them. `group` has one label for each point, row or line.
struct Series {
  std::string kind;
  std::string label;
  std::string x, y, z;  // empty: not used
  std::string group;
  std::string length;
};

/// Series in two dimensions, or in three: never both in one figure.
struct Figure {
  std::string name;
  std::string title;
  std::string caption;
  std::string x_label, y_label, z_label;  // empty: the first series' axis is named instead
  std::vector<Series> series;
};

struct Text {
  std::string name;
  std::string markdown;
};

/// A model that belongs to a result: enough to make it again.
struct StoredModel {
  std::string name;
  std::string component;
  std::string version;
  std::vector<NamedText> settings;
  ArrayMap parameters;  // by block
};

/// How a stage ended.
enum class StageStatus { done, failed, crashed, interrupted };

const char* to_text(StageStatus status);

/// Everything that one stage was asked and answered.
struct StageResult {
  std::string name;
  std::string component;       // "org.example.pendulum"
  std::string version;         // of the component
  std::string summary_line;    // the component's own, with its equation
  std::string citation;        // empty: none
  std::string group;           // of its arrays in results.h5: "analyses/spectrum"
  std::int32_t time_kind = 0;  // DK_MAP or DK_FLOW: of the model it worked on; 0: none
  std::vector<NamedText> settings;

  StageStatus status = StageStatus::done;
  std::string message;    // why it is not done, in one sentence
  double seconds = -1.0;  // wall time; < 0: not measured

  ArrayMap arrays;
  std::vector<std::string> values;  // names of the summary values (rank 0) in the order put
  std::vector<Table> tables;
  std::vector<Figure> figures;
  std::vector<Text> texts;
  std::vector<StoredModel> models;
};

}  // namespace dynkit
