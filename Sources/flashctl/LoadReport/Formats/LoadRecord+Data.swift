/// The form of docs/schemas/loadtest.schema.json.
extension LoadRecord: Report {
    var data: DataValue { .record(fields(withTimeline: true)) }

    private func fields(withTimeline: Bool) -> [DataValue.Field] {
        let all: KeyValuePairs<String, DataValue> = [
            "kind": .string("loadtest"),
            "schema_version": .integer(LoadRecord.schemaVersion),
            "title": .string(title),
            "target": .string(target),
            "model": .string(model.rawValue),
            "verdict": .fields([
                "ok": .bool(verdict.status == .success),
                "word": .string(verdict.word),
                "exit_status": .integer(Int64(verdict.status.rawValue)),
                "reasons": .list(verdict.reasons.map { .string($0) }),
            ]),
            "plan": .list(plan.map(LoadRecord.data)),
            "provenance": provenance.data,
            "totals": totals,
            "metrics": .record(
                metrics.map { .init(name: $0.metric.description, value: LoadRecord.number($0.value, $0.metric.unit)) }
            ),
            "purchases": .list(purchases.map(LoadRecord.data)),
            "answers": .list(
                answers.map { answer in
                    .fields([
                        "status": .integer(answer.status), "error": .optional(answer.error),
                        "count": .integer(Int64(answer.count)),
                    ])
                }
            ),
            "network_errors": .list(
                networkErrors.map { .fields(["kind": .string($0.kind), "count": .integer(Int64($0.count))]) }
            ),
            "thresholds": .list(thresholds.map(LoadRecord.data)),
            "verification": verification.map(LoadRecord.data) ?? .null,
            "search": search.map(LoadRecord.data) ?? .null,
            "comparison": comparison?.data ?? .null,
        ]
        let timeline = DataValue.list(withTimeline ? timeline.map(\.data) : [])
        return all.map { .init(name: $0.key, value: $0.value) } + [.init(name: "timeline", value: timeline)]
    }

    /// For NDJSON: a line for each point of the timeline, then one with all the rest.
    var ndjson: [DataValue] { timeline.map(\.data) + [.record(fields(withTimeline: false))] }

    private var totals: DataValue {
        .fields([
            "seconds": .double(figures.seconds),
            "targeted": figures.targeted.map { .double($0) } ?? .null,
            "scheduled": .integer(Int64(figures.scheduled)),
            "sent": .integer(Int64(figures.sent)), "follow_ups": .integer(Int64(figures.followUps)),
            "completed": .integer(Int64(figures.completed)),
            "unsent": .integer(Int64(figures.unsent)),
            "unanswered": .integer(Int64(figures.unanswered)),
            "stock": figures.shop?.data ?? .null,
        ])
    }

    /// Counts and nanoseconds are whole numbers.
    static func number(_ value: Double, _ unit: LoadMetric.Unit) -> DataValue {
        switch unit {
        case .number where value == value.rounded(), .nanoseconds: .integer(Int64(value.rounded()))
        case .number, .perSecond, .percent: .double(value)
        }
    }

    static func data(_ fact: Fact) -> DataValue {
        .fields(["name": .string(fact.name), "value": .string(fact.value)])
    }

    private static func data(_ result: LoadThreshold.Result) -> DataValue {
        let unit = result.threshold.metric.unit
        return .fields([
            "expression": .string(result.threshold.text),
            "metric": .string(result.threshold.metric.description),
            "value": result.value.map { number($0, unit) } ?? .null,
            "limit": .double(result.threshold.limit),
            "failed": .bool(result.isFailure),
        ])
    }

    private static func data(_ verification: LoadVerification) -> DataValue {
        .fields([
            "ok": .bool(verification.violations == 0 && verification.oversold == 0),
            "oversold": .integer(verification.oversold),
            "violations": .integer(verification.violations),
            "checks": .list(
                verification.rows.map { row in
                    .fields([
                        "name": .string(row.name), "checked": .integer(row.checked),
                        "violations": .integer(row.violations),
                        "offenders": .list(row.offenders.map { .string($0) }),
                    ])
                }
            ),
        ])
    }

    private static func data(_ search: LoadSearch) -> DataValue {
        let unit = search.condition.metric.unit
        return .fields([
            "condition": .string(search.condition.text),
            "best_rate": search.best.map { .double($0) } ?? .null,
            "steps": .list(
                search.steps.map { step in
                    .fields([
                        "rate": .double(step.rate), "achieved": .double(step.achieved),
                        "value": step.value.map { number($0, unit) } ?? .null, "holds": .bool(step.holds),
                    ])
                }
            ),
        ])
    }
}

extension LoadProvenance {
    var data: DataValue {
        .fields([
            "version": .string(version), "revision": .string(revision),
            "command_line": .list(commandLine.map { .string($0) }),
            // Beyond what a JSON number holds in many readers.
            "seed": .optional(seed.map { String($0) }),
            "started_at": .string(startedAt.rfc3339), "host": .string(host), "kernel": .string(kernel),
            "cores": .integer(cores), "processor": .optional(processor),
            "stores": .list(
                stores.map { store in
                    .fields([
                        "name": .string(store.name), "description": .string(store.description),
                        "settings": .list(store.settings.map(LoadRecord.data)),
                    ])
                }
            ),
        ])
    }
}

extension LoadInterval.Shop {
    var data: DataValue {
        .fields([
            "free": .integer(free), "held": .integer(held), "sold": .integer(sold), "backlog": .integer(backlog),
        ])
    }
}

extension LoadPoint {
    var data: DataValue {
        .fields([
            "kind": .string("interval"), "start": .double(start), "length": .double(length),
            "warmup": .bool(isWarmup), "target_rate": targetRate.map { .double($0) } ?? .null,
            "scheduled": .integer(Int64(scheduled)), "sent": .integer(Int64(sent)),
            "follow_ups": .integer(Int64(followUps)),
            "completed": .integer(Int64(completed)), "in_flight": .integer(Int64(inFlight)),
            "waiting": .integer(Int64(waiting)),
            "outcomes": .record(
                zip(LoadOutcome.allCases, outcomes).filter { $0.1 > 0 }
                    .map { .init(name: $0.0.rawValue, value: .integer(Int64($0.1))) }
            ),
            "latency_ns": .fields([
                "p50": .integer(Int64(latency.p50)), "p90": .integer(Int64(latency.p90)),
                "p99": .integer(Int64(latency.p99)), "p99.9": .integer(Int64(latency.p999)),
                "max": .integer(Int64(latency.max)),
            ]),
            "schedule_lag_p99_ns": .integer(Int64(scheduleLagP99)), "processors": .double(processors),
            "stock": shop?.data ?? .null,
        ])
    }
}
