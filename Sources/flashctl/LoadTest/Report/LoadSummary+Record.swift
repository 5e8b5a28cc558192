/// The record from which everything about a run is told.
extension LoadSummary {
    /// - Parameter timeline: the intervals of the same run.
    func record(_ provenance: LoadProvenance, _ timeline: LoadTimeline) -> LoadRecord {
        var record = LoadRecord(
            title: plan.name,
            target: plan.target.description,
            model: recordModel,
            provenance,
            timeline
        )
        record.plan = plan.facts(isRealTime: isRealTime)
        record.purchases = purchaseFacts
        record.answers = allAnswersByStatus
        record.networkErrors = networkErrors.map { ($0.kind.name, $0.count) }
        record.figures = figures(timeline)
        record.verification = verification
        judge(&record)
        return record
    }

    /// The sums of the intervals, and what only the end of a run knows.
    func figures(_ timeline: LoadTimeline) -> LoadFigures {
        var figures = timeline.figures
        figures.unsent = unsent
        figures.unanswered = unanswered + purchasing.unanswered
        figures.scheduleLagP99 = timing.lagP99
        let times = times
        guard times.hasServiceTimes else { return figures }
        for outcome in times.seen { figures.outcomes[outcome]?.serviceTime = times.service(outcome) }
        return figures
    }

    /// Adds the reasons of the verdict; thresholds are judged apart.
    private func judge(_ record: inout LoadRecord) {
        // A run that a threshold ended is not interrupted: the threshold says why.
        if let interruptedBy, interruptedBy != .thresholdFailed {
            record.verdict.add(interruptedBy, "these are the numbers until then")
        }
        if let verification, verification.violations > 0 {
            let count = NumberText.grouped(verification.violations)
            record.verdict.add(.invariantViolated, "\(count) answers do not agree with the stores")
        }
        for reason in invalidBecause { record.verdict.add(.invalidLoadTest, reason) }
        if interruptedBy == nil, !isClean { record.verdict.add(.failure, faults) }
    }

    private var recordModel: LoadRecord.Model {
        if scheduled != nil { return .scheduled }
        return plan.isClosed ? .closed : .open
    }

    /// An interrupt; it weighs more than a threshold that has ended the run before.
    mutating func interrupt(_ status: ExitStatus) {
        if interruptedBy == nil || interruptedBy == .thresholdFailed { interruptedBy = status }
    }
}

extension LoadPlan {
    /// What was asked for, in the order in which it is read best.
    ///
    /// - Parameter isRealTime: whether the generator ran before all usual threads of the machine.
    func facts(isRealTime: Bool) -> [LoadRecord.Fact] {
        var facts: [LoadRecord.Fact] = []
        switch model {
        case .closed:
            if let durationSeconds {
                facts.append(.init("duration", "\(NumberText.decimal(durationSeconds, digits: 1)) s"))
            }
            if requests < LoadPlan.mostRequests { facts.append(.init("planned", NumberText.grouped(requests))) }
        case .open(let curve, let arrivals):
            facts.append(.init("arrivals", arrivals.rawValue))
            facts.append(.init("duration", "\(NumberText.decimal(curve.seconds, digits: 1)) s"))
            let planned = NumberText.grouped(Int(curve.requests.rounded()))
            facts.append(.init("planned", "\(planned), at \(mostRate)/s at most"))
        }
        if warmupSeconds > 0 { facts.append(.init("warm-up", "\(NumberText.decimal(warmupSeconds, digits: 1)) s")) }
        if purchasePercent > 0 { facts.append(.init("paid at once", "\(purchasePercent) %")) }
        let threads = workers == 1 ? "1 thread" : "\(workers) threads"
        let manner = busyPoll ? ", busy polling" : isRealTime ? ", real-time priority" : ""
        facts.append(.init("connections", "\(NumberText.grouped(connections)), \(threads)\(manner)"))
        facts.append(.init(LoadRecord.runName, "\(runID), seed \(seed)"))
        return facts
    }

    /// Requests per second, when there are most of them.
    private var mostRate: String {
        guard case .open(let curve, _) = model else { return "-" }
        return NumberText.grouped(Int(curve.highestRate.rounded()))
    }

    /// What is known before it runs.
    var outlook: LoadOutlook {
        var outlook = LoadOutlook(title: name, target: target.description, model: isClosed ? .closed : .open)
        if case .open(let curve, _) = model { outlook.seconds = curve.seconds }
        if isClosed {
            outlook.seconds = durationSeconds
            if durationSeconds == nil { outlook.requests = UInt64(requests) }
        }
        return outlook
    }
}
