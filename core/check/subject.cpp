#include "subject.hpp"

#include <cstring>
#include <string_view>

#include "dynkit/core/config.hpp"
#include "dynkit/readout.h"

namespace dynkit::conformance {
namespace {

template <class Function, class Handle>
auto bind(Function function, const Handle* handle) {
  return [function, handle](auto... arguments) { return function(handle, arguments...); };
}

template <class Table, class Handle>
Operations bind_all(const Table& table, const Handle* handle) {
  Operations all;
  if (table.scratch_size) all.scratch_size = bind(table.scratch_size, handle);
  if (table.prepared_size) all.prepared_size = bind(table.prepared_size, handle);
  if (table.tape_size) all.tape_size = bind(table.tape_size, handle);
  if (table.prepare) all.prepare = bind(table.prepare, handle);
  if (table.eval) all.eval = bind(table.eval, handle);
  if (table.jacobian) all.jacobian = bind(table.jacobian, handle);
  if (table.jvp) all.jvp = bind(table.jvp, handle);
  if (table.vjp) all.vjp = bind(table.vjp, handle);
  if (table.extension) all.extension = bind(table.extension, handle);
  return all;
}

bool is_readout(const CheckContext& context) {
  return std::string_view(context.component->interface_id) == DK_READOUT_V1;
}

std::vector<dk_block> blocks_of(std::int64_t count, const dk_block* blocks) {
  if (count < 0 || (count > 0 && blocks == nullptr)) fail("its parameter blocks are missing");
  return {blocks, blocks + count};
}

Facts read_facts(const dk_model_info& info) {
  return {info.time_kind,   info.threading,
          info.flags,       info.n,
          info.m,           info.p,
          info.n,           info.step,
          info.state_scale, blocks_of(info.block_count, info.blocks)};
}

Facts read_facts(const dk_readout_info& info) {
  return {0,      info.threading, info.flags, info.n,  0,
          info.p, info.o,         0.0,        nullptr, blocks_of(info.block_count, info.blocks)};
}

template <class Info>
const Info& present(const Info* info) {
  if (info == nullptr) fail("info returns NULL");
  return *info;
}

}  // namespace

Subject::Subject(const CheckContext& context) : Subject(context, small_settings(context)) {}

Subject::Subject(const CheckContext& context, const Config::Table& settings)
    : context_(context), living_(context, settings) {
  const void* table = context.component->interface_table;
  if (is_readout(context)) {
    const auto& own = *static_cast<const dk_readout_v1*>(table);
    const auto* handle = static_cast<const dk_readout*>(living_.get());
    operations_ = bind_all(own, handle);
    facts_ = read_facts(present(own.info(handle)));
  } else {
    const auto& own = *static_cast<const dk_model_v1*>(table);
    operations_ = bind_all(own, model());
    facts_ = read_facts(present(own.info(model())));
  }
}

std::string status_text(dk_status status, const char* call) {
#define DYNKIT_STATUS_NAME(name, value, text) \
  if (status == (value)) return fmt::format("{} ({})", #name, status);
  DK_STATUS_LIST(DYNKIT_STATUS_NAME)
#undef DYNKIT_STATUS_NAME
  fail("{} returns status {}, which the SDK does not know", call, status);
}

void expect_ok(dk_status status, const dk_error& error, const char* call) {
  if (status == DK_OK) return;
  const std::string text = status_text(status, call);
  const std::size_t length = strnlen(error.message, sizeof(error.message));
  if (length == sizeof(error.message)) fail("the message of {} has no end", call);
  fail("{} returns {}: {}", call, text,
       length > 0 ? printable(error.message) : std::string("no message"));
}

}  // namespace dynkit::conformance
