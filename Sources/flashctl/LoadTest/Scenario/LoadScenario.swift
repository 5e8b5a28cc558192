/// A workload as a value: who comes, how many of them, and how fast.
struct LoadScenario: Sendable, Equatable {
    var name: String
    /// Requests of the closed model; without an end when the duration or the stages say it.
    var requests = LoadPlan.mostRequests
    /// Connections that are open at the same time; in the open model at most.
    var connections = 2000
    /// Item ids are n mod this, plus 1.
    var items = 100_000
    var isClosed = false
    /// How the rate of the open model goes.
    var stages: [LoadStage] = []
    var arrivals = LoadArrivals.constant
    /// Whether the load begins on the next full hour.
    var startsOnTheHour = false
    var flows: [LoadFlow]

    /// A million users who each check out once, over 2,000 connections.
    static let megaload = LoadScenario(
        name: "megaload",
        requests: 1_000_000,
        isClosed: true,
        flows: [LoadFlow(name: "checkout")]
    )

    /// Four kinds of visitors at 10,000 requests a second for two minutes; they begin one after the other.
    static let k6 = LoadScenario(
        name: "k6",
        stages: [LoadStage(rate: 10_000, seconds: 0), LoadStage(rate: 10_000, seconds: 120)],
        flows: [
            LoadFlow(name: "normal", weight: 70, users: .pool(10_000), tag: "n", winners: .handOver),
            LoadFlow(
                name: "heavy",
                weight: 10,
                users: .pool(3000),
                tag: "h",
                winners: .handOver,
                startsAfter: 5
            ),
            LoadFlow(name: "purchase", weight: 10, action: .purchase, startsAfter: 10),
            LoadFlow(name: "invalid", weight: 10, action: .invalid, startsAfter: 15),
        ]
    )

    /// The crowd of a sale that opens on the hour: most come at once, the same ones again and again, and they behave as
    /// people do.
    static let hour = LoadScenario(
        name: "hour",
        stages: [
            LoadStage(rate: 4000, seconds: 0), LoadStage(rate: 4000, seconds: 5), LoadStage(rate: 1000, seconds: 10),
            LoadStage(rate: 200, seconds: 45),
        ],
        arrivals: .poisson,
        startsOnTheHour: true,
        flows: [
            LoadFlow(
                name: "crowd",
                weight: 97,
                users: .zipf(50_000, exponent: 1),
                tag: "z",
                winners: .habits(
                    LoadFlow.Habits(pay: 70, payLate: 5, giveBack: 5, think: 500...8000, late: 20_000...40_000)
                ),
                repeatPercent: 5
            ),
            LoadFlow(name: "guess", weight: 3, action: .guess),
        ]
    )

    static let presets = [megaload, k6, hour]

    /// Seconds that the open model lasts.
    var seconds: Double { stages.reduce(0) { $0 + $1.seconds } }

    /// Whether anybody ever pays or gives back, so that codes have to be read.
    var wantsCodes: Bool {
        flows.contains { flow in
            if case .pay(percent: 0) = flow.winners { return flow.action == .purchase }
            return true
        }
    }
}
