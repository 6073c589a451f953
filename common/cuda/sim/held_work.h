#pragma once
/// Grading: what the host's code asks of the device waits until that code has returned. It then has seen no value, and
/// what it could have computed of one does not exist while a kernel runs. Where numbers pass through the host, tickets
/// stand for them: words that the simulator exchanges for the values when nobody can look at them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace workbook::cuda {

/// Bytes that are no workspace of the implementation, and in its reach only when it is their turn.
class HeldBytes {
 public:
  explicit HeldBytes(std::size_t bytes);  ///< zeros. @pre bytes > 0 @throws std::bad_alloc
  ~HeldBytes();
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  std::byte* data() const { return first_; }
  std::size_t size() const { return bytes_; }
  void close() const;
  void open() const;

 private:
  std::byte* first_;
  std::size_t bytes_;
};

class HeldWork {
 public:
  /// Until run(), in_turn() keeps what it is given.
  void hold();
  bool holds() const { return holds_; }
  /// Does it now, or when its turn comes.
  void in_turn(std::function<void()> work);
  /// All of it, in the order in which it was asked for; or none.
  void run(bool wanted);

  /// Lets tickets stand for an argument's elements, and for the same bytes in the message that brought them.
  void conceal(std::span<std::byte> sent, std::span<std::byte> elements);
  /// Undoes that, but for elements that are no longer their tickets: somebody has written there.
  void uncover();

  /// A copy of these bytes of the host, whatever becomes of them.
  static std::shared_ptr<HeldBytes> keep(const void* from, std::size_t bytes);

  /// Values for the tickets of arguments among these words.
  void redeem(std::span<std::byte> words) const;
  /// Writes tickets for results of that many bytes. @returns where the device's values have to go
  std::byte* promise(std::span<std::byte> words);
  /// Values for the tickets of results among these words.
  void reveal(std::span<std::byte> words) const;

 private:
  struct Concealed {
    std::span<std::byte> sent, elements;
    std::unique_ptr<HeldBytes> values;
  };
  struct Promised {
    std::uint32_t first = 0;  ///< number of the first word's ticket
    std::unique_ptr<HeldBytes> values;
  };

  bool holds_ = false;
  std::vector<std::function<void()>> waiting_;
  std::vector<Concealed> concealed_;
  std::vector<Promised> promised_;
};

HeldWork& held_work();

}  // namespace workbook::cuda
