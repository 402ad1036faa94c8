#pragma once

#include <functional>
#include <mutex>
#include <vector>

namespace dynkit {

/// Instances of one component with the same settings: one that takes calls from any thread, or as
/// many as threads call at once.
template <class Handle>
class Instances {
 public:
  /// `make` creates an instance or throws, `destroy` frees one. Makes the first.
  Instances(std::function<Handle*()> make, void (*destroy)(Handle*))
      : make_(std::move(make)), destroy_(destroy) {
    first_ = add();
    idle_.push_back(first_);
  }
  ~Instances() {
    for (Handle* instance : all_) destroy_(instance);
  }
  Instances(const Instances&) = delete;
  Instances& operator=(const Instances&) = delete;

  const Handle* first() const { return first_; }

  /// They take one call at a time.
  void set_one_at_a_time() { reentrant_ = false; }

  /// For the calls of one thread; release it when they are done.
  Handle* acquire() const {
    if (reentrant_) return first_;
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return add();
    Handle* instance = idle_.back();
    idle_.pop_back();
    return instance;
  }
  void release(Handle* instance) const {
    if (reentrant_) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(instance);
  }

 private:
  Handle* add() const {
    Handle* instance = make_();
    all_.push_back(instance);
    return instance;
  }

  std::function<Handle*()> make_;
  void (*destroy_)(Handle*);
  Handle* first_ = nullptr;
  bool reentrant_ = true;
  mutable std::mutex mutex_;
  mutable std::vector<Handle*> all_;   // for the destructor
  mutable std::vector<Handle*> idle_;  // of those that are not reentrant
};

/// An instance for the calls of one thread, given back when it goes out of scope.
template <class Handle>
class InstanceLease {
 public:
  explicit InstanceLease(const Instances<Handle>& instances)
      : instances_(instances), instance_(instances.acquire()) {}
  ~InstanceLease() { instances_.release(instance_); }
  InstanceLease(const InstanceLease&) = delete;
  InstanceLease& operator=(const InstanceLease&) = delete;
  const Handle* get() const { return instance_; }
  operator const Handle*() const { return instance_; }

 private:
  const Instances<Handle>& instances_;
  Handle* instance_;
};

}  // namespace dynkit
