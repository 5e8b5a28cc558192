/// The conditions on terms, controls and the installation.
extension Comparison {
    func controls(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.controls, saleID)
        invariant.figure("bans", fold.bans.count)
        for user in Set(fold.bans.keys).union(contents.banned.keys).sorted()
        where fold.bans[user] != contents.banned[user] {
            let sentence =
                switch (fold.bans[user], contents.banned[user]) {
                case (_, nil): "user '\(user)' is banned from sale \(saleID) in the ledger, but not in Redis"
                case (nil, _): "user '\(user)' is banned from sale \(saleID) in Redis, but not in the ledger"
                default: "user '\(user)' is banned from sale \(saleID) for another reason in Redis than in the ledger"
                }
            invariant.violate(sentence, user: user)
        }
        let wanted = [
            "checkout_paused": fold.controls["checkout_paused"] ?? "0",
            "purchase_paused": fold.controls["purchase_paused"] ?? "0",
            "limit": fold.controls["limit"] ?? String(recount.userLimit),
            "state": fold.controls["state"] ?? SaleState.open.rawValue,
        ]
        for (field, value) in wanted.sorted(by: { $0.key < $1.key }) {
            let found = contents.sale[field] ?? "missing"
            invariant.require(
                found == value,
                "\(field) of sale \(saleID) is \(found) in Redis, by the ledger it is \(value)"
            )
        }
        return invariant
    }

    func terms(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.terms, saleID)
        invariant.figure("stock", recount.stock)
        invariant.figure("limit", recount.userLimit)
        for (field, value) in [
            ("stock", recount.stock), ("hold_ms", recount.holdMilliseconds), ("opens_us", recount.opensAt),
            ("closes_us", recount.closesAt),
        ] {
            let found = contents.number(field)
            invariant.require(
                found == value,
                "\(field) of sale \(saleID) is \(found.map(String.init) ?? "missing") in Redis, in the schedule it is "
                    + "\(value)"
            )
        }
        let limit = contents.number("limit") ?? 0
        invariant.require(
            (1...recount.userLimit).contains(limit),
            "the limit of sale \(saleID) in Redis is \(limit), the schedule allows 1 to \(recount.userLimit)"
        )
        let seq = contents.number("seq") ?? -1
        // Without the attempts the last steps of Postgres are not known.
        let known = fold.highestSeq
        invariant.require(
            seq == known || (recount.attempts == nil && seq > known),
            "sale \(saleID) is at step \(seq) in Redis, the last one on record is \(known)"
        )
        let clock = contents.number("now_us") ?? 0
        invariant.require(
            clock >= fold.latest,
            "the clock of sale \(saleID) in Redis is \(clock), its records reach to \(fold.latest)"
        )
        return invariant
    }

    func installation(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.installation, saleID)
        let wanted = recount.installation
        for (place, found) in [
            (Handshake.installationKey, evidence.redisInstallation),
            (SaleKeys(saleID).sale, contents.sale["installation"]),
        ] {
            // A Redis that was never blessed does not have the first one yet; keys that are incomplete, which the
            // sentinels tell, belong to nobody else for that.
            let isIncomplete = contents.sale["keys_epoch"] == nil
            if found == nil, place == Handshake.installationKey || isIncomplete { continue }
            invariant.require(
                found == wanted,
                "\(place) in Redis belongs to installation \(found ?? "nobody"), this database is \(wanted)",
                next: "point REDIS_URL and POSTGRES_URL at stores that belong together"
            )
        }
        return invariant
    }
}
