#include "guarded_memory.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <new>

#include "checks.hpp"

namespace dynkit::conformance {
namespace {

constexpr unsigned char kPattern = 0xC5;
constexpr std::size_t kMostBuffers = 4096;

// Every guarded buffer of the process, for the fault handler, which can take no lock.
std::array<std::atomic<const GuardedMemory*>, kMostBuffers> buffers;
int fault_descriptor = -1;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t claim_slot(const GuardedMemory* memory) {
  for (std::size_t slot = 0; slot < kMostBuffers; ++slot) {
    const GuardedMemory* free = nullptr;
    if (buffers[slot].compare_exchange_strong(free, memory)) return slot;
  }
  throw std::bad_alloc();
}

bool is_write([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  constexpr greg_t kWriteBit = 2;  // of the page-fault error code
  return (static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & kWriteBit) != 0;
#else
  return true;
#endif
}

}  // namespace

// Empty text: the address belongs to no guarded buffer. Called from a signal handler.
void describe_fault(const void* address, bool is_write, char* text, std::size_t size) {
  const auto* at = static_cast<const unsigned char*>(address);
  const char* verb = is_write ? "writes" : "reads";
  text[0] = '\0';
  for (const auto& slot : buffers) {
    const GuardedMemory* memory = slot.load();
    if (memory == nullptr || at < memory->map_ || at >= memory->map_ + memory->map_bytes_) continue;
    const unsigned char* end = memory->data_ + memory->bytes_;
    if (at >= end) {
      std::snprintf(text, size, "%s %td bytes past the end of %s (%zu bytes)", verb, at - end,
                    memory->name_.c_str(), memory->bytes_);
    } else if (at < memory->data_) {
      std::snprintf(text, size, "%s %td bytes before the beginning of %s", verb, memory->data_ - at,
                    memory->name_.c_str());
    } else {
      std::snprintf(text, size, "%s to %s at byte %td, which is only for reading", verb,
                    memory->name_.c_str(), at - memory->data_);
    }
    return;
  }
}

namespace {

void handle_fault(int signal_number, siginfo_t* info, void* context) {
  char text[256], line[320];
  describe_fault(info->si_addr, is_write(context), text, sizeof(text));
  if (text[0] != '\0') {
    const int length =
        std::snprintf(line, sizeof(line), "{\"verdict\":1,\"message\":\"%s\"}\n", text);
    if (length > 0 && write(fault_descriptor, line, static_cast<std::size_t>(length)) > 0) {
      _exit(0);
    }
  }
  // Not ours: the same again without this handler is the crash that it is.
  signal(signal_number, SIG_DFL);
}

}  // namespace

void report_faults(int descriptor) {
  fault_descriptor = descriptor;
  struct sigaction action {};
  action.sa_sigaction = handle_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

GuardedMemory::GuardedMemory(std::string name, std::int64_t bytes, std::size_t alignment)
    : name_(std::move(name)), bytes_(static_cast<std::size_t>(bytes)) {
  if (bytes < 0) fail("{} has the size {} bytes", name_, bytes);
  const std::size_t page = page_size();
  const std::size_t aligned = (bytes_ + alignment - 1) / alignment * alignment;
  const std::size_t inner = (aligned + page - 1) / page * page;
  map_bytes_ = inner + 2 * page;
  void* map = mmap(nullptr, map_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) throw std::bad_alloc();
  map_ = static_cast<unsigned char*>(map);
  if (inner > 0 && mprotect(map_ + page, inner, PROT_READ | PROT_WRITE) != 0) {
    munmap(map_, map_bytes_);
    throw std::bad_alloc();
  }
  data_ = map_ + page + inner - aligned;
  std::memset(map_ + page, kPattern, inner);
  slot_ = claim_slot(this);
}

GuardedMemory::~GuardedMemory() {
  buffers[slot_].store(nullptr);
  munmap(map_, map_bytes_);
}

void GuardedMemory::freeze() const {
  const std::size_t page = page_size();
  if (map_bytes_ > 2 * page) mprotect(map_ + page, map_bytes_ - 2 * page, PROT_READ);
}

void GuardedMemory::thaw() const {
  const std::size_t page = page_size();
  if (map_bytes_ > 2 * page) mprotect(map_ + page, map_bytes_ - 2 * page, PROT_READ | PROT_WRITE);
}

void GuardedMemory::check_margins() const {
  const std::size_t page = page_size();
  const auto changed = [](unsigned char byte) { return byte != kPattern; };
  const unsigned char* end = data_ + bytes_;
  const unsigned char* last = map_ + map_bytes_ - page;
  const unsigned char* behind = std::find_if(end, last, changed);
  if (behind != last) fail("writes {} bytes past the end of {}", behind - end, name_);
  const unsigned char* before = std::find_if(map_ + page, data_, changed);
  if (before != data_) fail("writes {} bytes before the beginning of {}", data_ - before, name_);
}

}  // namespace dynkit::conformance
