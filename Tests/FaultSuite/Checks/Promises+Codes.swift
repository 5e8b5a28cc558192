/// What a code was worth to those who came back with it.
extension Promises {
    func checkCodes(_ verdict: inout Verdict) {
        let uses = operations.filter { $0.kind == .purchase || $0.kind == .release }
        let issues = Dictionary(grouping: operations.filter { $0.gotCode != nil }) { $0.gotCode ?? "" }
        let held = Dictionary(grouping: books.crowdLedger.filter { $0.kind == "held" }, by: \.item)
        let released = Dictionary(grouping: books.crowdLedger.filter { $0.kind == "released" }, by: \.item)
        let purchased = Dictionary(grouping: books.purchases, by: \.item)
        for issue in operations where issue.gotCode != nil {
            guard let hold = issue.gotItem.flatMap({ held[$0]?.first }), hold.sale != issue.gotSale else { continue }
            verdict.violations.append("sale \(hold.sale) has the hold of \(issue)")
        }
        for (code, uses) in Dictionary(grouping: uses, by: \.code).sorted(by: { $0.key < $1.key }) {
            let issues = issues[code] ?? []
            let items = Set(issues.compactMap(\.gotItem))
            // Of a hold that went with Redis data nobody knows.
            let onRecord = issues.filter { held[$0.gotItem ?? 0] != nil }
            for use in uses where use.status == 404 { checkRefusal(use, uses, onRecord, &verdict) }
            for use in uses where use.kind == .release && use.status == 200 {
                let isOnRecord = items.contains { (released[$0] ?? []).contains { $0.user == use.user } }
                if !isOnRecord { missing(use, from: \.holdsFrom, "no release is on record for", &verdict) }
            }
            let isBought = items.contains { (purchased[$0] ?? []).contains { $0.user == uses[0].user } }
            if !isBought { checkPending(uses, &verdict) }
        }
    }

    /// A purchase that was answered 202 completes by itself: its unit is taken, and the hold can lapse no more.
    private func checkPending(_ uses: [Operation], _ verdict: inout Verdict) {
        let purchases = uses.filter { $0.kind == .purchase }
        guard let last = purchases.filter({ $0.status == 202 }).max(by: { $0.endedAt < $1.endedAt }) else { return }
        // Any of the requests before may have been the one that took the unit.
        let askedAt = purchases.map(\.sentAt).min()
        missing(last, from: \.holdsFrom, askedAt: askedAt, "nothing was bought by", &verdict)
    }

    /// A code is unknown or lapsed only when its time is over, or its hold was given back or lost with Redis data.
    /// `issues` are the answers with the code whose hold is on record.
    private func checkRefusal(
        _ refusal: Operation,
        _ uses: [Operation],
        _ issues: [Operation],
        _ verdict: inout Verdict
    ) {
        let earlier = uses.filter { $0.kind == .purchase && $0.endedAt <= refusal.sentAt }
        if let receipt = earlier.first(where: { $0.status == 200 }) {
            return verdict.violations.append("404 after the receipt \(receipt): \(refusal)")
        }
        let asked = uses.filter { $0.kind == .purchase }.map(\.sentAt).min() ?? refusal.sentAt
        if let pending = earlier.first(where: { $0.status == 202 }),
            loss(from: \.holdsFrom, sent: asked, ended: pending.endedAt) == nil
        {
            return verdict.violations.append("404 after the promise \(pending): \(refusal)")
        }
        let isGivenBack = uses.contains { use in
            use.kind == .release && use.number != refusal.number && use.answer != .refused
                && use.sentAt <= refusal.endedAt
        }
        // The clients, Redis and Postgres have one clock, and `expires_at` is cut to milliseconds: exact.
        let live = issues.first { issue in
            guard let deadline = issue.gotDeadline, issue.endedAt <= refusal.sentAt else { return false }
            return refusal.endedAt < deadline
        }
        if let live, !isGivenBack {
            verdict.violations.append("404 before its time was over, \(live.gotDeadline ?? 0): \(refusal)")
        }
    }
}
