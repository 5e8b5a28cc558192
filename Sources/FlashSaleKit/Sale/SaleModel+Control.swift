extension SaleModel {
    /// Does what an operator wants at this time of Redis.
    public mutating func control(
        _ request: ControlCall.Request,
        at time: Timestamp,
        confirmed: Timestamp? = nil
    ) -> ScriptAnswer<ControlCall.Outcome> {
        let (now, refusal) = entrance(time, confirmed)
        if let refusal { return .refused(refusal, now: now) }
        if finished {
            switch request.operation {
            case .finish, .withdraw: return .decided(.unchanged, now: now)
            default: return .refused(.closed, now: now)
            }
        }
        guard let outcome = allows(request.operation, at: now) else {
            apply(request, at: now)
            return .decided(.changed, now: now)
        }
        return .decided(outcome, now: now)
    }

    /// Nil when the operation is to be done.
    private func allows(_ operation: ControlCall.Operation, at now: Timestamp) -> ControlCall.Outcome? {
        switch operation {
        case .pauseCheckout: checkoutPaused ? .unchanged : nil
        case .resumeCheckout: checkoutPaused ? nil : .unchanged
        case .pausePurchase: purchasePaused ? .unchanged : nil
        case .resumePurchase: purchasePaused ? nil : .unchanged
        case .ban(let user): banned[user] == nil ? nil : .unchanged
        case .unban(let user): banned[user] == nil ? .unchanged : nil
        case .lowerLimit(let lower): lower == limit ? .unchanged : lower > limit ? .refused : nil
        case .finish: now >= closesAt && openHolds.isEmpty ? nil : .refused
        case .withdraw(let step): openHolds.isEmpty && sold == 0 && sequence == step ? nil : .refused
        }
    }

    private mutating func apply(_ request: ControlCall.Request, at now: Timestamp) {
        clock = now
        sequence += 1
        switch request.operation {
        case .pauseCheckout, .resumeCheckout:
            checkoutPaused.toggle()
            record("checkout_paused", checkoutPaused ? "1" : "0", request)
        case .pausePurchase, .resumePurchase:
            purchasePaused.toggle()
            record("purchase_paused", purchasePaused ? "1" : "0", request)
        case .lowerLimit(let lower):
            limit = lower
            record("limit", String(lower), request)
        case .finish, .withdraw:
            finished = true
            record("state", SaleState.finished.rawValue, request)
        case .ban(let user):
            banned[user] = request.why
            record(ban: user, lifted: false, request)
        case .unban(let user):
            banned[user] = nil
            record(ban: user, lifted: true, request)
        }
    }

    private mutating func record(_ field: String, _ value: String, _ request: ControlCall.Request) {
        records.append(
            .control(
                sequence: sequence,
                at: clock,
                field: field,
                value: value,
                who: request.who,
                why: request.why
            )
        )
    }

    private mutating func record(ban user: UserID, lifted: Bool, _ request: ControlCall.Request) {
        records.append(
            .ban(lifted: lifted, sequence: sequence, at: clock, user: user, who: request.who, why: request.why)
        )
    }
}
