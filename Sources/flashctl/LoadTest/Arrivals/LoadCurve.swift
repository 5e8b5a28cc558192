/// The rate of the open model over time, and when the n-th request of it is due.
struct LoadCurve: Sendable, Equatable {
    private struct Piece: Sendable, Equatable {
        /// Seconds and requests before this piece.
        var start: Double
        var before: Double
        var seconds: Double
        var from: Double
        var to: Double

        var requests: Double { (from + to) / 2 * seconds }
    }

    private var pieces: [Piece] = []
    /// Length in seconds.
    private(set) var seconds = 0.0
    /// Requests in all.
    private(set) var requests = 0.0

    /// - Parameter initialRate: requests per second at the beginning, from which the first stage goes.
    init(_ stages: [LoadStage], initialRate: Double = 0) {
        var rate = initialRate
        for stage in stages {
            defer { rate = stage.rate }
            guard stage.seconds > 0 else { continue }
            let piece = Piece(start: seconds, before: requests, seconds: stage.seconds, from: rate, to: stage.rate)
            pieces.append(piece)
            seconds += stage.seconds
            requests += piece.requests
        }
    }

    /// A rate that stays.
    init(rate: Double, seconds: Double) {
        self.init([LoadStage(rate: rate, seconds: seconds)], initialRate: rate)
    }

    /// Requests per second, when there are most of them.
    var highestRate: Double { pieces.reduce(0) { max($0, $1.from, $1.to) } }

    /// Requests per second at a second; 0 before and after.
    func rate(at second: Double) -> Double {
        guard let piece = pieces.first(where: { second >= $0.start && second < $0.start + $0.seconds }) else {
            return 0
        }
        return piece.from + (piece.to - piece.from) * (second - piece.start) / piece.seconds
    }

    /// Requests that are due before a second.
    func requests(until second: Double) -> Double {
        guard let piece = pieces.last(where: { second >= $0.start }) else { return 0 }
        let passed = min(second - piece.start, piece.seconds)
        let slope = (piece.to - piece.from) / piece.seconds
        return piece.before + piece.from * passed + slope * passed * passed / 2
    }

    /// The second at which so many requests are due; nil after the end.
    ///
    /// - Parameter hint: index of a piece that is not behind the one sought. It is moved there: whoever asks for one
    ///   number after the other never searches.
    func second(of count: Double, hint: inout Int) -> Double? {
        while hint < pieces.count {
            let piece = pieces[hint]
            let rest = count - piece.before
            guard rest < piece.requests else {
                hint += 1
                continue
            }
            let slope = (piece.to - piece.from) / piece.seconds
            // rest = from * t + slope / 2 * t * t, in the form that loses no digits when the slope is near 0.
            let root = (piece.from * piece.from + 2 * slope * rest).squareRoot()
            let divisor = piece.from + root
            return piece.start + (divisor > 0 ? 2 * rest / divisor : 0)
        }
        return nil
    }
}
