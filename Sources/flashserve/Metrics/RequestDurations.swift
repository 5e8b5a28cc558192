import NIOCore

/// How long requests took, by route and status. One array for all: to count an answer is to add to two of its cells.
struct RequestDurations: Sendable, Equatable {
    /// A route and one of its statuses; nil for all that have no series of their own.
    struct Series: Sendable, Equatable {
        let route: RequestRoute
        let status: Int?
    }

    /// Every series that there can be. The last one takes the statuses that its route does not list: answers to what is
    /// no request (400, 408, 413, 414, 431) and to wrong methods (405).
    static let series: [Series] =
        RequestRoute.allCases.flatMap { route in route.statuses.map { Series(route: route, status: $0) } }
        + [Series(route: .other, status: nil)]

    /// Cells of a series: its buckets, and the sum in nanoseconds.
    private static let width = DurationHistogram.bounds.count + 2
    /// Statuses from 100 to 611 have a place in `places`.
    private static let statuses = 512

    /// Series of a route and a status.
    private let places: [UInt8]
    private var cells: [Int]

    init() {
        let all = RequestDurations.series
        let rest = UInt8(all.count - 1)
        var places = Array(repeating: rest, count: RequestRoute.allCases.count * RequestDurations.statuses)
        for (index, series) in all.enumerated() {
            guard let status = series.status else { continue }
            places[RequestDurations.place(series.route, status)] = UInt8(index)
        }
        self.places = places
        cells = Array(repeating: 0, count: all.count * RequestDurations.width)
    }

    private static func place(_ route: RequestRoute, _ status: Int) -> Int {
        Int(route.rawValue) &* statuses &+ ((status &- 100) & (statuses &- 1))
    }

    /// Counts the answer to a request. The status is read from its first line.
    mutating func answered(_ route: RequestRoute, with answer: ByteBuffer, after time: TimeAmount) {
        let status = RequestDurations.status(of: answer)
        let first = Int(places[RequestDurations.place(route, status)]) &* RequestDurations.width
        let nanoseconds = Int(time.nanoseconds)
        cells[first &+ DurationHistogram.bucket(nanoseconds)] &+= 1
        cells[first &+ RequestDurations.width &- 1] &+= nanoseconds
    }

    /// The three digits behind `HTTP/1.1 `.
    static func status(of answer: ByteBuffer) -> Int {
        guard let digits = answer.getInteger(at: answer.readerIndex + 9, as: UInt32.self) else { return 0 }
        return Int(digits >> 24 & 15) &* 100 &+ Int(digits >> 16 & 15) &* 10 &+ Int(digits >> 8 & 15)
    }

    /// The durations of one series, by its place in ``series``.
    subscript(index: Int) -> DurationHistogram {
        let first = index * RequestDurations.width
        let end = first + RequestDurations.width - 1
        return DurationHistogram(counts: Array(cells[first..<end]), nanoseconds: cells[end])
    }

    /// All answers to one route together; of all routes when it is nil.
    func durations(of route: RequestRoute? = nil) -> DurationHistogram {
        var sum = DurationHistogram()
        for (index, series) in RequestDurations.series.enumerated() where route == nil || series.route == route {
            sum = sum + self[index]
        }
        return sum
    }

    /// The series that were seen.
    var seen: [(series: Series, durations: DurationHistogram)] {
        RequestDurations.series.enumerated().compactMap { index, series in
            let durations = self[index]
            return durations.count > 0 ? (series, durations) : nil
        }
    }

    /// Those of two loops together.
    static func + (left: RequestDurations, right: RequestDurations) -> RequestDurations {
        var sum = left
        for index in sum.cells.indices { sum.cells[index] += right.cells[index] }
        return sum
    }
}
