/// Whether what looked wrong is only younger than the recount: a recount of many rows takes longer than a recovery.
extension PostgresRecount {
    /// Reads again where the sale stands in Postgres; the trouble, or that the sale has moved on meanwhile.
    func confirm(
        _ trouble: Evidence.Trouble,
        _ contents: RedisContents?,
        _ postgres: PostgresConnection
    ) async throws -> Evidence.Trouble {
        let rows = try await postgres.query(
            """
            select c.stream, c.epoch, c.last_id, s.finished_at is not null as finished
            from journal_cursor c join sales s on s.id = c.sale_id where c.sale_id = \(saleID)
            """
        )
        var positions: [JournalStream: StreamID] = [:]
        for row in rows {
            // Whatever is wrong now, it is wrong with a sale that this recount has not seen.
            if try row["finished"].bool { return .overtaken }
            guard let stream = JournalStream(rawValue: try row["stream"].text) else { continue }
            if try row["epoch"].int64 != cursor(stream).epoch { return .overtaken }
            positions[stream] = StreamID(try row["last_id"].text) ?? .zero
        }
        guard case .trimmedPastCursor(let stream) = trouble else { return trouble }
        let trimmed = contents?.sale[stream.trimmedField].flatMap { StreamID($0) } ?? .zero
        return trimmed > positions[stream] ?? .zero ? trouble : .overtaken
    }
}
