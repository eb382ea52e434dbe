public import Synchronization

extension Simulation {
  /// Runs `body` as one piece, where a run may otherwise interrupt it.
  ///
  /// If it waits for a lock, only what frees that lock runs meanwhile. The
  /// handler of a cancellation needs this: see <doc:LocksAndAtomics>.
  public static func withoutInterruption<Result, E: Error>(
    _ body: () throws(E) -> Result
  ) throws(E) -> Result {
    guard let thread = DriverThread.current else { return try body() }
    return try thread.uninterrupted(body)
  }

  /// A twin of the standard mutex, whose steps a simulation can interrupt.
  ///
  /// It has the same members. A run whose options say
  /// ``Simulation/Options/interrupts`` may let others come first before each
  /// lock and each unlock; elsewhere it is a lock like any other, only slower.
  @safe
  public struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let lock = Lock()
    private let value: UnsafeMutablePointer<Value>

    /// Creates a mutex that nobody holds.
    public init(_ initialValue: consuming sending Value) {
      unsafe value = .allocate(capacity: 1)
      unsafe value.initialize(to: initialValue)
    }

    deinit {
      unsafe value.deinitialize(count: 1)
      unsafe value.deallocate()
    }

    /// Runs `body` with the value, and nobody else has it meanwhile.
    public borrowing func withLock<Result: ~Copyable, E: Error>(
      _ body: (inout sending Value) throws(E) -> sending Result
    ) throws(E) -> sending Result {
      lock.lock()
      defer { lock.unlock() }
      return try unsafe body(&value.pointee)
    }

    /// Does the same if nobody has the value now; returns nil otherwise.
    public borrowing func withLockIfAvailable<Result: ~Copyable, E: Error>(
      _ body: (inout sending Value) throws(E) -> sending Result
    ) throws(E) -> sending Result? {
      guard lock.tryLock() else { return nil }
      defer { lock.unlock() }
      return try unsafe body(&value.pointee)
    }
  }

  /// A twin of the standard atomic, whose steps a simulation can interrupt.
  ///
  /// It has the same members. A run whose options say
  /// ``Simulation/Options/interrupts`` may let others come first before each
  /// operation; all happen in one order, whatever their orderings say.
  public struct Atomic<Value: AtomicRepresentable>: ~Copyable, Sendable {
    // A class, because a step is one on a certain object.
    private final class Cell: @unchecked Sendable {
      private let lock = Lock()
      private var stored: Value

      init(_ value: Value) { stored = value }

      var value: Value { update { $0 }.oldValue }

      func update(
        _ body: (Value) -> Value
      ) -> (oldValue: Value, newValue: Value) {
        lock.hold()
        defer { lock.free() }
        let old = stored
        stored = body(old)
        return (old, stored)
      }
    }

    private let cell: Cell

    /// Creates an atomic with a value.
    public init(_ initialValue: consuming Value) { cell = Cell(initialValue) }

    /// One operation; `isChange` says whether it would change this value.
    private func update(
      isChange: (Value) -> Bool = { _ in true },
      _ body: (Value) -> Value
    ) -> (oldValue: Value, newValue: Value) {
      Driver.interrupting?.step(on: cell) { isChange(cell.value) }
      return cell.update(body)
    }

    // As the processor compares: of equal floats, not all are the same.
    private func areSame(_ left: Value, _ right: Value) -> Bool {
      let left = Value.encodeAtomicRepresentation(left)
      let right = Value.encodeAtomicRepresentation(right)
      return unsafe withUnsafeBytes(of: left) { left in
        unsafe withUnsafeBytes(of: right) { unsafe left.elementsEqual($0) }
      }
    }
  }
}

extension Simulation.Mutex where Value == Void {
  /// Locks, until ``_unsafeUnlock()``.
  public borrowing func _unsafeLock() { lock.lock() }

  /// Locks if nobody has locked; returns whether it did.
  public borrowing func _unsafeTryLock() -> Bool { lock.tryLock() }

  /// Ends what ``_unsafeLock()`` began.
  public borrowing func _unsafeUnlock() { lock.unlock() }
}

extension Simulation.Atomic {
  /// Returns the value.
  public func load(ordering: AtomicLoadOrdering) -> Value {
    update(isChange: { _ in false }) { $0 }.oldValue
  }

  /// Sets the value.
  public func store(_ desired: Value, ordering: AtomicStoreOrdering) {
    _ = exchange(desired, ordering: .relaxed)
  }

  /// Sets the value, and returns the one before.
  public func exchange(
    _ desired: Value,
    ordering: AtomicUpdateOrdering
  ) -> Value {
    update(isChange: { !areSame($0, desired) }) { _ in desired }.oldValue
  }

  /// Sets the value if it is the expected one; returns whether, and the value
  /// before.
  public func compareExchange(
    expected: Value,
    desired: Value,
    ordering: AtomicUpdateOrdering
  ) -> (exchanged: Bool, original: Value) {
    let original = update(
      isChange: { areSame($0, expected) && !areSame($0, desired) },
      { areSame($0, expected) ? desired : $0 }
    ).oldValue
    return (areSame(original, expected), original)
  }

  /// Sets the value if it is the expected one; returns whether, and the value
  /// before.
  public func compareExchange(
    expected: Value,
    desired: Value,
    successOrdering: AtomicUpdateOrdering,
    failureOrdering: AtomicLoadOrdering
  ) -> (exchanged: Bool, original: Value) {
    compareExchange(expected: expected, desired: desired, ordering: .relaxed)
  }

  /// Does the same as `compareExchange`: it never fails without a reason.
  public func weakCompareExchange(
    expected: Value,
    desired: Value,
    ordering: AtomicUpdateOrdering
  ) -> (exchanged: Bool, original: Value) {
    compareExchange(expected: expected, desired: desired, ordering: .relaxed)
  }

  /// Does the same as `compareExchange`: it never fails without a reason.
  public func weakCompareExchange(
    expected: Value,
    desired: Value,
    successOrdering: AtomicUpdateOrdering,
    failureOrdering: AtomicLoadOrdering
  ) -> (exchanged: Bool, original: Value) {
    compareExchange(expected: expected, desired: desired, ordering: .relaxed)
  }
}

extension Simulation.Atomic where Value: FixedWidthInteger {
  /// Adds, and traps on overflow; returns the value before and after.
  @discardableResult
  public func add(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 + operand }
  }

  /// Subtracts, and traps on overflow; returns the value before and after.
  @discardableResult
  public func subtract(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 - operand }
  }

  /// Adds, and wraps on overflow; returns the value before and after.
  @discardableResult
  public func wrappingAdd(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 &+ operand }
  }

  /// Subtracts, and wraps on overflow; returns the value before and after.
  @discardableResult
  public func wrappingSubtract(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 &- operand }
  }

  /// Keeps the bits that both have; returns the value before and after.
  @discardableResult
  public func bitwiseAnd(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 & operand }
  }

  /// Sets the bits that one has; returns the value before and after.
  @discardableResult
  public func bitwiseOr(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 | operand }
  }

  /// Sets the bits that only one has; returns the value before and after.
  @discardableResult
  public func bitwiseXor(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { $0 ^ operand }
  }

  /// Keeps the smaller; returns the value before and after.
  @discardableResult
  public func min(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { Swift.min($0, operand) }
  }

  /// Keeps the larger; returns the value before and after.
  @discardableResult
  public func max(
    _ operand: Value,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Value, newValue: Value) {
    update { Swift.max($0, operand) }
  }
}

extension Simulation.Atomic where Value == Bool {
  /// Whether both hold; returns the value before and after.
  @discardableResult
  public func logicalAnd(
    _ operand: Bool,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Bool, newValue: Bool) {
    update { $0 && operand }
  }

  /// Whether one holds; returns the value before and after.
  @discardableResult
  public func logicalOr(
    _ operand: Bool,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Bool, newValue: Bool) {
    update { $0 || operand }
  }

  /// Whether only one holds; returns the value before and after.
  @discardableResult
  public func logicalXor(
    _ operand: Bool,
    ordering: AtomicUpdateOrdering
  ) -> (oldValue: Bool, newValue: Bool) {
    update { $0 != operand }
  }
}
