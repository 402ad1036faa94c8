// Where a test cannot wait for an event, it waits for a time.
#pragma once

namespace dynkit::test {

/// How many times as long as otherwise programs may take: sanitizers slow them down.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kSlowness = 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr int kSlowness = 10;
#else
inline constexpr int kSlowness = 1;
#endif
#else
inline constexpr int kSlowness = 1;
#endif

/// Whether handlers of signals wait until a program calls something: the thread sanitizer keeps
/// signals back while it computes.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kSignalsWait = true;
#elif defined(__has_feature)
inline constexpr bool kSignalsWait = __has_feature(thread_sanitizer);
#else
inline constexpr bool kSignalsWait = false;
#endif

}  // namespace dynkit::test
