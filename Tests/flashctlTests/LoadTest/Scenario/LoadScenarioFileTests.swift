import Testing

@testable import flashctl

/// Scenario files, and what is said about wrong ones.
@Suite struct LoadScenarioFileTests {
    private func read(_ text: String) throws -> LoadScenario { try LoadScenario(path: "mix.yaml", text: text) }

    @Test func everyMemberIsRead() throws {
        let scenario = try read(
            """
            name: my crowd
            rate: 500/s
            duration: 20s
            arrivals: poisson
            start: next-hour
            connections: 300
            requests: 5000
            items: 7
            flows:
              - name: buyers
                weight: 8
                users: zipf 5000 1.2
                winners:
                  pay: 60
                  late: 10
                  give_back: 5
                  think: 500ms-8s
                  late_think: 20s
                repeat: 3
              - action: purchase
                weight: 1
                starts_after: 5s
              - name: some
                users: 100
                tag: q
                winners: hand-over
              - name: all
                users: unique
                winners: 25
            """
        )
        #expect(scenario.name == "my crowd")
        #expect(scenario.stages == [LoadStage(rate: 500, seconds: 0), LoadStage(rate: 500, seconds: 20)])
        #expect(scenario.arrivals == .poisson && scenario.startsOnTheHour && !scenario.isClosed)
        #expect(scenario.connections == 300 && scenario.requests == 5000 && scenario.items == 7)
        #expect(scenario.flows.count == 4)
        let habits = LoadFlow.Habits(pay: 60, payLate: 10, giveBack: 5, think: 500...8000, late: 20_000...20_000)
        #expect(
            scenario.flows[0]
                == LoadFlow(
                    name: "buyers",
                    weight: 8,
                    users: .zipf(5000, exponent: 1.2),
                    winners: .habits(habits),
                    repeatPercent: 3
                )
        )
        #expect(scenario.flows[1] == LoadFlow(name: "flow 2", action: .purchase, tag: "a", startsAfter: 5))
        #expect(scenario.flows[2] == LoadFlow(name: "some", users: .pool(100), tag: "q", winners: .handOver))
        #expect(scenario.flows[3] == LoadFlow(name: "all", tag: "c", winners: .pay(percent: 25)))
    }

    @Test func theClosedModelNeedsAnEnd() throws {
        let scenario = try read("model: closed\nrequests: 10\nflows:\n  - name: a")
        #expect(scenario.isClosed && scenario.requests == 10 && scenario.name == "mix")
        #expect(throws: CommandFailure.self) { try read("model: closed\nflows:\n  - name: a") }
    }

    @Test(arguments: [
        ("rate: 5/s\nduration: 5s\nflows: []", "mix.yaml:3: `flows` takes a list"),
        ("rate: 5/s\nduration: 5s", "mix.yaml:1: the scenario has no `flows`"),
        ("rat: 5/s\nflows:\n  - name: a", "mix.yaml:1: the scenario has no member `rat`"),
        ("flows:\n  - name: a", "mix.yaml:1: the scenario says no rate"),
        ("rate: many\nflows:\n  - name: a", "mix.yaml:1: `rate` is `many`"),
        ("stages: 5\nflows:\n  - name: a", "mix.yaml:1: `stages` is `5`"),
        ("stages: 5:5s\nflows:\n  - name: a\n    wait: 3", "mix.yaml:4: flow 1 has no member `wait`"),
        ("stages: 5:5s\nflows:\n  - name: a\n    weight: 0", "mix.yaml:4: `weight` is `0`"),
        ("stages: 5:5s\nflows:\n  - name: a\n    action: buy", "mix.yaml:4: `action` is `buy`"),
        ("stages: 5:5s\nflows:\n  - name: a\n    users: zipf", "mix.yaml:4: `users` is `zipf`"),
        ("stages: 5:5s\nflows:\n  - name: a\n    tag: xyz", "mix.yaml:4: `tag` is `xyz`"),
        (
            "stages: 5:5s\nflows:\n  - name: a\n  - name: b\n    starts_after: soon",
            "mix.yaml:5: `starts_after` is `soon`"
        ),
        (
            "stages: 5:5s\nflows:\n  - name: a\n    winners:\n      pay: 60\n      late: 50",
            "mix.yaml:5: `winners` are more than 100 %"
        ),
        ("stages: 5:5s\nflows:\n  - name: a\n    winners:\n      think: 8s-1s", "mix.yaml:5: `think` is `8s-1s`"),
        ("- 1", "mix.yaml holds no scenario"), ("", "mix.yaml holds no scenario"), ("a: [", "mix.yaml is no YAML"),
        ("connections: 0\nstages: 5:5s\nflows:\n  - name: a", "mix.yaml:1: `connections` is `0`"),
        ("stages: 5:5s\nname: [a]\nflows:\n  - name: a", "mix.yaml:2: `name` takes a single value"),
    ])
    func wrongFilesNameTheLine(text: String, wanted: String) throws {
        let error = try #require(throws: CommandFailure.self) { try read(text) }
        #expect(error.status == .badInput)
        #expect(error.message.hasPrefix(wanted), "\(error.message)")
        #expect(error.nextStep != nil)
    }

    @Test func aNearMissIsSuggested() throws {
        let error = try #require(throws: CommandFailure.self) { try read("conections: 5\nflows:\n  - name: a") }
        #expect(error.nextStep == "did you mean `connections`?")
    }

    @Test func filesThatCannotBeReadAreNamed() async throws {
        try await withFolder { folder in
            let missing = try #require(throws: CommandFailure.self) { try LoadScenario(file: "\(folder)/none.yaml") }
            #expect(missing.status == .badInput && missing.message.contains("none.yaml"))
            try write("stages: 5:5s\nflows:\n  - name: a", to: "\(folder)/friday.yaml")
            #expect(try LoadScenario(file: "\(folder)/friday.yaml").name == "friday")
            try write(String(repeating: "#", count: 300_000), to: "\(folder)/large.yaml")
            #expect(throws: CommandFailure.self) { try LoadScenario(file: "\(folder)/large.yaml") }
        }
    }
}
