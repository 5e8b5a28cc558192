import Histogram

/// The purchases of a load test, for people and for programs.
extension LoadSummary {
    /// Purchases per second between the first purchase and the last answer to one.
    var purchasesPerSecondMeanwhile: Double {
        purchasing.seconds > 0 ? Double(purchases) / purchasing.seconds : 0
    }

    var purchaseData: DataValue {
        let tally = purchasing.tally
        func number(_ name: String, _ count: UInt64) -> DataValue.Field {
            DataValue.Field(name: name, value: .integer(Int64(count)))
        }
        var fields = rate(purchases)
        fields += [
            DataValue.Field(name: "percent", value: .integer(plan.purchasePercent)),
            number("codes", purchasing.codes),
            number("scheduled", purchasing.scheduled),
            number("unsent", purchasing.unsent),
            number("pending", purchasing.pending),
            number("refused", tally.refused),
            number("foreign", tally.foreign),
            number("replayed", tally.replayed),
            number("without_code", tally.withoutCode),
            number("sent", tally.requests.sent),
            number("asked_again", tally.askedAgain),
            number("answered", tally.requests.answered),
            number("failed", tally.requests.failed),
            number("unanswered", purchasing.unanswered),
            DataValue.Field(name: "adds_up", value: .bool(purchasing.addsUp)),
            DataValue.Field(name: "seconds", value: .double(purchasing.seconds)),
            DataValue.Field(name: "per_second_meanwhile", value: .double(purchasesPerSecondMeanwhile)),
            DataValue.Field(name: "answers", value: .list(LoadSummary.data(tally.requests.answers))),
            DataValue.Field(
                name: "latency_ns",
                value: .list(
                    tally.requests.times.seen.compactMap { outcome in
                        tally.requests.times.latency(outcome).map { LoadSummary.data($0, outcome: outcome) }
                    }
                )
            ),
            DataValue.Field(
                name: "until_committed_ns",
                value: tally.untilCommitted.map { LoadSummary.data($0) } ?? .null
            ),
        ]
        return .record(fields)
    }

    /// What became of the codes; nothing for a run in which nobody does anything with them.
    var purchaseFacts: [LoadRecord.Fact] {
        guard plan.usesCodes, scheduled == nil else { return [] }
        let tally = purchasing.tally
        func text(_ count: UInt64) -> String { NumberText.grouped(count) }
        let open = [
            (purchasing.pending, "pending"), (tally.refused, "refused"), (tally.foreign, "bought by others"),
            (tally.requests.failed, "lost"), (purchasing.unanswered, "unanswered"), (purchasing.unsent, "never sent"),
        ]
        let seconds = NumberText.decimal(purchasing.seconds, digits: 2)
        let rate = NumberText.grouped(Int(purchasesPerSecondMeanwhile.rounded()))
        let share = plan.purchasePercent > 0 ? "\(plan.purchasePercent) % " : ""
        var facts: [LoadRecord.Fact] = [
            .init("codes", "\(text(purchasing.scheduled)) to pay for, \(share)of \(text(purchasing.codes))"),
            .init("paid", text(purchases)),
            .init("not paid", open.map { "\(text($0.0)) \($0.1)" }.joined(separator: ", ")),
            .init(
                "requests",
                "\(text(tally.requests.sent)) sent, \(text(tally.requests.answered)) answered, "
                    + "\(text(tally.askedAgain)) asked again, \(text(tally.replayed)) replayed"
            ),
            .init("time", "\(seconds) s from the first to the last, \(rate) purchases/s meanwhile"),
        ]
        if let until = tally.untilCommitted {
            let times = [50.0, 99, 100].map { NumberText.latency(nanoseconds: until.valueAtPercentile($0)) }
            facts.append(.init("first try to 200", "p50 \(times[0]), p99 \(times[1]), max \(times[2])"))
        }
        if tally.withoutCode > 0 { facts.append(.init("without code", "\(text(tally.withoutCode)) of the 201s")) }
        if !purchasing.addsUp { facts.append(.init("counts", "do not add up: this is a fault of loadtest")) }
        return facts
    }

    /// What a failed run says of its purchases; empty when nobody does anything with codes.
    var purchaseVerdict: String {
        guard plan.usesCodes else { return "" }
        let open = purchasing.pending + purchasing.unanswered + purchasing.unsent + purchasing.tally.withoutCode
        return ", \(NumberText.grouped(open)) codes without a final answer"
    }
}
