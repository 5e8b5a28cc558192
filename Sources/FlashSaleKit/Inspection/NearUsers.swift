import Foundation

/// Users whose names differ from one that is not on record in what is easily mistaken: upper and lower case, a plus for
/// a space, another normal form of Unicode. They are looked up by name, so no sale is too large.
public enum NearUsers {
    /// Names up to this many letters are looked up in every mixture of upper and lower case.
    private static let fewLetters = 8
    /// Most names that are looked up.
    static let most = 512

    /// Names that are easily taken for this one, without itself.
    static func candidates(_ user: UserID) -> [UserID] {
        let text = user.text
        let forms = [
            text, text.precomposedStringWithCanonicalMapping, text.decomposedStringWithCanonicalMapping,
            text.precomposedStringWithCompatibilityMapping, text.decomposedStringWithCompatibilityMapping,
        ]
        let spaced = forms.flatMap { form in
            [form, form.exchanging("+", for: " "), form.exchanging(" ", for: "+")]
        }
        var names = spaced.flatMap { [$0, $0.lowercased(), $0.uppercased(), $0.capitalized] }
        names += mixtures(text)
        var known: Set<UserID> = [user]
        return Array(names.compactMap { UserID($0) }.filter { known.insert($0).inserted }.prefix(most))
    }

    /// Every mixture of cases of a short name; of a longer one those in which one letter is in the other case.
    private static func mixtures(_ text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        let letters = scalars.indices.filter { other(scalars[$0]) != nil }.prefix(62)
        let masks = letters.count <= fewLetters ? Array(0..<(1 << letters.count)) : letters.indices.map { 1 << $0 }
        return masks.map { mask in
            var changed = scalars
            for (bit, index) in letters.enumerated() where mask & (1 << bit) != 0 {
                if let scalar = other(scalars[index]) { changed[index] = scalar }
            }
            return changed.reduce(into: "") { $0.unicodeScalars.append($1) }
        }
    }

    /// The scalar in the other case; nil when it has none, or more than one scalar.
    private static func other(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        let properties = scalar.properties
        let text = properties.isUppercase ? properties.lowercaseMapping : properties.uppercaseMapping
        guard let other = text.unicodeScalars.first, text.unicodeScalars.count == 1, other != scalar else { return nil }
        return other
    }

    /// What to say of them at the end of a next step; empty when there are none.
    public static func clause(_ users: [UserID]) -> String {
        guard !users.isEmpty else { return "" }
        let names = users.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        return "; on record \(users.count == 1 ? "is" : "are") \(names)\(users.count > 5 ? " and others" : "")"
    }
}

extension Inspection {
    /// Users on record in these sales, or with units or a ban in Redis, whose names are easily taken for this one; by
    /// their bytes. Attempts that got nothing are looked up for the likeliest names only.
    public func users(near user: UserID, in sales: [SaleID]) async throws -> [UserID] {
        let names = NearUsers.candidates(user)
        guard !names.isEmpty else { return [] }
        var found: Set<UserID> = []
        for sale in sales.prefix(Inspection.searchedSales) {
            if let postgres { found.formUnion(try await recorded(names, sale, postgres)) }
            if let redis {
                for key in [SaleKeys(sale).users, SaleKeys(sale).banned] {
                    let reply = try await redis.send(
                        RedisCommand(parts: ["HMGET", .string(key)] + names.map { .string($0.text) })
                    )
                    for (name, value) in zip(names, reply.elements ?? []) where value.bytes != nil {
                        found.insert(name)
                    }
                }
            }
        }
        return found.sorted()
    }

    private func recorded(_ names: [UserID], _ sale: SaleID, _ postgres: PostgresConnection) async throws -> [UserID] {
        try await postgres.transaction(TransactionOptions(readOnly: true)) { session in
            // As for a subject: what the planner guesses of a sale that sells would be a scan of all attempts.
            try session.query("set local enable_seqscan = off")
            return try session.query(
                """
                select user_id from ledger where sale_id = \(sale) and user_id = any(\(names))
                union
                select user_id from attempts where sale_id = \(sale)
                    and user_id = any(\(Array(names.prefix(Inspection.likeliest))))
                """
            ).map { try $0["user_id"].userID }
        }
    }

    /// Sales that are looked into: the newest come first.
    private static let searchedSales = 20
    /// Attempts have no B-tree while a sale sells: each name reads its filter of blocks once.
    private static let likeliest = 16
}

extension String {
    /// With every `old` as `new`, by code points.
    fileprivate func exchanging(_ old: Unicode.Scalar, for new: Unicode.Scalar) -> String {
        unicodeScalars.reduce(into: "") { $0.unicodeScalars.append($1 == old ? new : $1) }
    }
}
