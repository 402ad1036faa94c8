// Where a test cannot wait for an event, it waits for a time.
#pragma once

namespace dynkit::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kThreadSanitizer = __has_feature(thread_sanitizer);
#else
inline constexpr bool kThreadSanitizer = false;
#endif

#if defined(NDEBUG)
inline constexpr bool kAssertions = false;
#else
inline constexpr bool kAssertions = true;
#endif

/// How many times as long as a release build's programs may take: sanitizers slow them down, and so
/// does little optimization.
inline constexpr int kSlowness = kAddressSanitizer || kThreadSanitizer || kAssertions ? 10 : 1;

/// Whether handlers of signals wait until a program calls something: the thread sanitizer keeps
/// signals back while it computes.
inline constexpr bool kSignalsWait = kThreadSanitizer;

}  // namespace dynkit::test
