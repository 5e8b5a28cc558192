@testable import FlashSaleKit

/// What may go wrong in Postgres.
extension Corruption {
    static let inPurchases: [Corruption] = [
        Corruption("missing purchase", .purchases) { market, random in
            let victim = try await market.purchase(&random)
            try await market.force("delete from purchases where hold_id = decode(\(victim.hold), 'hex')")
            return "hold \(victim.hold)"
        },
        Corruption("purchase of the wrong user", .purchases) { market, random in
            let victim = try await market.purchase(&random)
            try await market.force(
                "update purchases set user_id = 'thief' where hold_id = decode(\(victim.hold), 'hex')"
            )
            return "hold \(victim.hold)"
        },
        Corruption("purchase with another time", .purchases) { market, random in
            let victim = try await market.purchase(&random)
            try await market.force(
                """
                update purchases set purchased_at = purchased_at + interval '1 us'
                where hold_id = decode(\(victim.hold), 'hex')
                """
            )
            return "unit \(victim.unit) of sale \(market.open.id)"
        },
        Corruption("purchase in another sale", .belonging) { market, random in
            let victim = try await market.purchase(&random, from: 2)
            try await market.force(
                "update purchases set sale_id = \(market.other.id) where hold_id = decode(\(victim.hold), 'hex')"
            )
            return "hold \(victim.hold)"
        },
        Corruption("unit gap", .numbering) { market, random in
            let victim = try await market.purchase(&random)
            for table in ["ledger", "purchases"] {
                try await market.force(
                    """
                    update \(identifier: table) set unit = 29
                    where sale_id = \(market.open.id) and unit = \(Int(victim.unit) ?? 0)
                    """
                )
            }
            return "unit \(victim.unit) of sale \(market.open.id) is missing"
        },
        Corruption("slot of a user", .numbering) { market, random in
            let victim = try await market.purchase(&random)
            for table in ["ledger", "purchases"] {
                try await market.force(
                    """
                    update \(identifier: table) set user_slot = 3
                    where sale_id = \(market.open.id) and unit = \(Int(victim.unit) ?? 0)
                    """
                )
            }
            return "user '\(victim.user)'"
        },
        Corruption("dead letter", .deadLetters) { market, _ in
            try await market.force(
                """
                insert into dead_letter (sale_id, stream, entry_id, idx, kind, payload, sqlstate, reason)
                values (\(market.open.id), 'attempts', '5-5', 3, 'attempt', 'x', '22021', 'the text is no UTF-8')
                """
            )
            return "attempts entry 5-5, row 3"
        },
    ]

    static let inLedger: [Corruption] = [
        Corruption("deleted: held, open", .holds, .heldAttempts) { market, random in
            let victim = try await market.openHold(&random)
            try await market.force("delete from ledger where kind = 'held' and hold_id = decode(\(victim.hold), 'hex')")
            return "hold \(victim.hold)"
        },
        Corruption("deleted: held, bought since", .balance) { market, random in
            let victim = try await market.purchase(&random)
            try await market.force("delete from ledger where kind = 'held' and hold_id = decode(\(victim.hold), 'hex')")
            return "hold \(victim.hold)"
        },
        Corruption("deleted: purchased", .purchases, .receipts) { market, random in
            let victim = try await market.purchase(&random)
            try await market.force(
                "delete from ledger where kind = 'purchased' and hold_id = decode(\(victim.hold), 'hex')"
            )
            return "hold \(victim.hold)"
        },
        Corruption("deleted: expired", .holds) { market, random in
            let victim = try await market.ended("expired", &random)
            try await market.force(
                "delete from ledger where kind = 'expired' and hold_id = decode(\(victim.hold), 'hex')"
            )
            return "hold \(victim.hold)"
        },
        Corruption("deleted: released", .holds) { market, random in
            let victim = try await market.ended("released", &random)
            try await market.force(
                "delete from ledger where kind = 'released' and hold_id = decode(\(victim.hold), 'hex')"
            )
            return "hold \(victim.hold)"
        },
        Corruption("hold in another sale", .belonging) { market, random in
            let victim = try await market.openHold(&random)
            try await market.force(
                """
                update ledger set sale_id = \(market.other.id), seq = seq + 500
                where hold_id = decode(\(victim.hold), 'hex')
                """
            )
            return "hold \(victim.hold)"
        },
        Corruption("hold of another user", .holds, .heldAttempts) { market, random in
            let victim = try await market.openHold(&random)
            try await market.force("update ledger set user_id = 'thief' where hold_id = decode(\(victim.hold), 'hex')")
            return "hold \(victim.hold)"
        },
        Corruption("end by another user", .balance) { market, random in
            let victim = try await market.ended("released", &random)
            try await market.force(
                """
                update ledger set user_id = 'thief' where kind = 'released' and hold_id = decode(\(victim.hold), 'hex')
                """
            )
            return "hold \(victim.hold)"
        },
        Corruption("a ban that never was", .controls) { market, _ in
            try await market.force("delete from ledger where sale_id = \(market.open.id) and user_id = 'mallory'")
            return "user 'mallory'"
        },
    ]

    static let inAttempts: [Corruption] = [
        Corruption("duplicate attempt", .attemptsOnce) { market, random in
            let victim = try await market.attempt(&random)
            try await market.force("insert into attempts select * from attempts where \(victim.condition)")
            return "user '\(victim.user)' at step \(victim.seq), row \(victim.index)"
        },
        Corruption("deleted attempt", .journal) { market, random in
            let victim = try await market.attempt(&random)
            try await market.force("delete from attempts where \(victim.condition)")
            return "user '\(victim.user)' at step \(victim.seq), row \(victim.index)"
        },
        Corruption("deleted attempt of a hold", .heldAttempts) { market, random in
            let victim = try await market.attempt(&random, outcome: "H")
            try await market.force("delete from attempts where \(victim.condition)")
            return "of user '\(victim.user)' of sale \(market.open.id) began at step \(victim.seq), row \(victim.index)"
        },
        Corruption("another outcome", .journal, .outcomes) { market, random in
            let victim = try await market.attempt(&random)
            let others = ["H", "S", "L", "B"].filter { $0 != victim.outcome }
            let outcome = others.randomElement(using: &random) ?? "S"
            try await market.force("update attempts set outcome = \(outcome)::\"char\" where \(victim.condition)")
            return "user '\(victim.user)' at step \(victim.seq), row \(victim.index)"
        },
        Corruption("refused attempt of another user", .journal) { market, random in
            let victim = try await market.attempt(&random, outcome: "S")
            try await market.force("update attempts set user_id = 'thief' where \(victim.condition)")
            return "user '\(victim.user)' at step \(victim.seq), row \(victim.index)"
        },
        Corruption("refused attempt for another item", .journal) { market, random in
            let victim = try await market.attempt(&random, outcome: "S")
            try await market.force("update attempts set item_id = item_id + 1 where \(victim.condition)")
            return "user '\(victim.user)' at step \(victim.seq), row \(victim.index)"
        },
        Corruption("refused attempt at another time", .journal) { market, random in
            let victim = try await market.attempt(&random, outcome: "S")
            try await market.force("update attempts set at = at - interval '1 us' where \(victim.condition)")
            return "user '\(victim.user)' at step \(victim.seq), row \(victim.index)"
        },
        Corruption("sold out that was not", .outcomes) { market, random in
            let victim = try await market.attempt(&random, outcome: "L")
            try await market.force("update attempts set outcome = 'S' where \(victim.condition)")
            return "user '\(victim.user)' was refused as sold out at step \(victim.seq), row \(victim.index)"
        },
        Corruption("limit that was not", .outcomes) { market, random in
            let victim = try await market.attempt(&random, outcome: "S")
            try await market.force("update attempts set outcome = 'L' where \(victim.condition)")
            return "user '\(victim.user)' was refused for the limit at step \(victim.seq), row \(victim.index)"
        },
        Corruption("banned who was not", .outcomes) { market, random in
            let victim = try await market.attempt(&random, outcome: "S")
            try await market.force("update attempts set outcome = 'B' where \(victim.condition)")
            return "user '\(victim.user)' was refused as banned at step \(victim.seq)"
        },
        Corruption("a lost step", .sequence) { market, random in
            let victim = try await market.attempt(&random, outcome: "S")
            try await market.force(
                "delete from attempts where sale_id = \(market.open.id) and seq = \(Int(victim.seq) ?? 0)"
            )
            return "step \(victim.seq) of sale \(market.open.id)"
        },
    ]
}

extension VerifyMarket {
    typealias Victim = (hold: String, user: String, unit: String)

    func purchase(_ random: inout SeededGenerator, from unit: Int = 1) async throws -> Victim {
        let row = try await pick(
            """
            select encode(hold_id, 'hex'), user_id, unit::text from purchases
            where sale_id = \(open.id) and unit >= \(unit) order by unit
            """,
            &random
        )
        return (row[0], row[1], row[2])
    }

    /// A hold that is open, also for the part of the journal that is not drained.
    func openHold(_ random: inout SeededGenerator) async throws -> Victim {
        let row = try await pick(
            """
            select encode(hold_id, 'hex'), user_id from ledger h where sale_id = \(open.id) and kind = 'held'
                and user_id not in ('carl2', 'carl3') and not exists (select 1 from ledger e
                    where e.sale_id = h.sale_id and e.hold_id = h.hold_id and e.kind <> 'held')
            order by epoch, seq, idx
            """,
            &random
        )
        return (row[0], row[1], "")
    }

    func ended(_ kind: String, _ random: inout SeededGenerator) async throws -> Victim {
        let row = try await pick(
            """
            select encode(hold_id, 'hex'), user_id from ledger where sale_id = \(open.id) and kind = \(kind)
            order by epoch, seq, idx
            """,
            &random
        )
        return (row[0], row[1], "")
    }

    struct AttemptVictim {
        let sale: SaleID
        let seq: String
        let index: String
        let user: String
        let outcome: String

        var condition: SQL {
            "sale_id = \(sale) and seq = \(Int(seq) ?? 0) and idx = \(Int(index) ?? 0)"
        }
    }

    func attempt(_ random: inout SeededGenerator, outcome: String? = nil) async throws -> AttemptVictim {
        let row = try await pick(
            """
            select seq::text, idx::text, user_id, outcome::text from attempts where sale_id = \(open.id)
                and outcome::text like \(outcome ?? "%") order by seq, idx
            """,
            &random
        )
        return AttemptVictim(sale: open.id, seq: row[0], index: row[1], user: row[2], outcome: row[3])
    }
}
