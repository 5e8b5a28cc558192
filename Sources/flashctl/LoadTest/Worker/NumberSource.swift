/// The numbers of the requests that one worker of the closed model sends: every so-manieth one.
struct NumberSource: Sendable {
    private var upcoming: Int
    private let stride: Int
    private var end: Int

    /// - Parameters:
    ///   - first: the first number.
    ///   - end: numbers below this only.
    init(_ first: Int, stride: Int, end: Int) {
        upcoming = first
        self.stride = stride
        self.end = end
    }

    var hasMore: Bool { upcoming < end }

    mutating func next() -> Int? {
        guard upcoming < end else { return nil }
        defer { upcoming += stride }
        return upcoming
    }

    /// There are no more.
    mutating func endNow() { end = 0 }
}
