/// What options make of a scenario.
extension LoadScenario {
    /// What `--rate`, `--stages`, `--duration` and `--closed` say.
    struct Pace: Sendable, Equatable {
        /// Requests per second.
        var rate: Double?
        var stages: [LoadStage]?
        /// Seconds.
        var duration: Double?
        var isClosed = false

        /// Seconds of a rate that comes without a duration.
        static let usualSeconds = 60.0
    }

    /// The scenario at another pace. A rate alone is reached by the highest of the scenario's stages, the others in
    /// proportion; a duration is divided among them in the same way.
    func paced(_ pace: Pace) throws(CommandFailure) -> LoadScenario {
        var paced = self
        if pace.isClosed {
            guard pace.rate == nil, pace.stages == nil else {
                throw CommandFailure(
                    .usage,
                    "the closed model has no rate: a connection sends when it has its answer",
                    nextStep: "leave out --closed, or --rate and --stages"
                )
            }
            paced.isClosed = true
            return paced
        }
        if let stages = pace.stages {
            guard pace.duration == nil else {
                throw CommandFailure(
                    .usage,
                    "--stages and --duration both say how long it takes",
                    nextStep: "leave out --duration"
                )
            }
            paced.isClosed = false
            paced.stages = (pace.rate.map { [LoadStage(rate: $0, seconds: 0)] } ?? []) + stages
            return paced
        }
        if let rate = pace.rate {
            paced.isClosed = false
            let highest = stages.reduce(0) { max($0, $1.rate) }
            if highest > 0 {
                paced.stages = stages.map { LoadStage(rate: $0.rate * rate / highest, seconds: $0.seconds) }
            } else {
                paced.stages = [
                    LoadStage(rate: rate, seconds: 0), LoadStage(rate: rate, seconds: Pace.usualSeconds),
                ]
            }
        }
        if let duration = pace.duration, !paced.isClosed, paced.seconds > 0 {
            let factor = duration / paced.seconds
            paced.stages = paced.stages.map { LoadStage(rate: $0.rate, seconds: $0.seconds * factor) }
            for index in paced.flows.indices { paced.flows[index].startsAfter *= min(1, factor) }
        }
        return paced
    }
}
