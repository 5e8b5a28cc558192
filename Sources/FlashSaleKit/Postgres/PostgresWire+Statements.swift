/// What a statement needs from the wire: one round trip each.
extension PostgresWire {
    /// Statements in one pipeline. More results than this in flight would only hide what is going on.
    static let maximumPipeline = 64
    /// Of the protocol.
    static let maximumBinds = 65_535
    /// Bytes of one piece of COPY data; after each the socket is emptied, so memory does not hold the rows twice.
    static let copyPiece = 256 * 1024

    /// One statement with binds.
    func run(_ sql: SQL, _ deadline: ContinuousClock.Instant) throws(PostgresError) -> LibpqResult {
        let libpq = try live()
        let text = try PostgresWire.checked(sql)
        try stopIfInterrupted()
        sendings += 1
        guard libpq.send(text: text, binds: sql.binds) else { throw unsent(libpq) }
        try flush(libpq, deadline)
        let results = try collect(libpq, deadline)
        guard let last = results.last else { throw confused("a statement without any answer") }
        return last
    }

    /// Several statements as text, without binds.
    func run(script: String, _ deadline: ContinuousClock.Instant) throws(PostgresError) -> [LibpqResult] {
        let libpq = try live()
        try PostgresWire.check(text: script)
        try stopIfInterrupted()
        sendings += 1
        guard libpq.send(script: script) else { throw unsent(libpq) }
        try flush(libpq, deadline)
        return try collect(libpq, deadline)
    }

    /// All statements in one round trip; one result each. After an error the rest is not executed.
    func pipeline(_ statements: [SQL], _ deadline: ContinuousClock.Instant) throws(PostgresError) -> [LibpqResult] {
        let libpq = try live()
        guard statements.count <= PostgresWire.maximumPipeline else {
            throw PostgresError(
                .invalidStatement,
                "\(statements.count) statements in one pipeline; at most \(PostgresWire.maximumPipeline) are allowed"
            )
        }
        var texts: [String] = []
        for sql in statements { texts.append(try PostgresWire.checked(sql)) }
        try stopIfInterrupted()
        sendings += 1
        guard libpq.enterPipeline() else { throw unsent(libpq) }
        for (sql, text) in zip(statements, texts) {
            guard libpq.send(text: text, binds: sql.binds) else { throw unsent(libpq) }
        }
        guard libpq.sendSync() else { throw unsent(libpq) }
        try flush(libpq, deadline)
        var results: [LibpqResult] = []
        var failure: PostgresError?
        for _ in statements {
            do throws(PostgresError) {
                results += try collect(libpq, deadline)
            } catch {
                guard health.isUsable else { throw error }
                failure = failure ?? error
            }
        }
        guard let sync = try nextResult(libpq, deadline), sync.kind == .pipelineSync, libpq.exitPipeline() else {
            throw confused("a pipeline without its end")
        }
        if let failure { throw failure }
        return results
    }

    /// COPY … FROM STDIN. Whatever goes wrong, the connection is discarded: neither side knows how much of the rows
    /// the other has seen.
    func copyIn(
        statement: String,
        _ rows: CopyBuffer,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> LibpqResult {
        let libpq = try live()
        try PostgresWire.check(text: statement)
        try stopIfInterrupted()
        do throws(PostgresError) {
            sendings += 1
            guard libpq.send(script: statement) else { throw unsent(libpq) }
            try flush(libpq, deadline)
            try awaitCopyIn(libpq, deadline)
            try send(rows, libpq, deadline)
            let results = try collect(libpq, deadline)
            guard let last = results.last else { throw confused("a COPY without any answer") }
            return last
        } catch {
            discard("a COPY failed")
            throw error
        }
    }

    private func awaitCopyIn(_ libpq: LibpqConnection, _ deadline: ContinuousClock.Instant) throws(PostgresError) {
        while let result = try nextResult(libpq, deadline) {
            switch result.kind {
            case .copyIn: return
            case .rows, .done: continue
            default: throw failure(of: result, libpq)
            }
        }
        throw PostgresError(.invalidStatement, "the statement for copyIn is not a COPY … FROM STDIN")
    }

    private func send(
        _ rows: CopyBuffer,
        _ libpq: LibpqConnection,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        let accepted = try rows.withUnsafeBytes { (bytes) throws(PostgresError) -> Bool in
            var position = 0
            while position < bytes.count {
                let end = min(position + PostgresWire.copyPiece, bytes.count)
                guard libpq.putCopy(UnsafeRawBufferPointer(rebasing: bytes[position..<end])) else { return false }
                try flush(libpq, deadline)
                position = end
            }
            return CopyBuffer.trailer.withUnsafeBytes { libpq.putCopy($0) } && libpq.endCopy()
        }
        // If the server ended the COPY by itself, its reason is the next result.
        if accepted { try flush(libpq, deadline) }
    }

    /// All results up to the end of a statement or script; the first error, once they have all been read.
    private func collect(
        _ libpq: LibpqConnection,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> [LibpqResult] {
        var results: [LibpqResult] = []
        var failure: PostgresError?
        while let result = try nextResult(libpq, deadline) {
            switch result.kind {
            case .rows, .done:
                results.append(result)
            case .copyIn, .otherCopy, .pipelineSync:
                throw confused("a COPY that was not started as one")
            case .pipelineAborted:
                failure = failure ?? PostgresError(.rolledBack, "an earlier statement of the pipeline failed")
            case .failed:
                failure = failure ?? self.failure(of: result, libpq)
                if !health.isUsable { throw failure ?? lost(libpq) }
            }
        }
        if libpq.isBad, health.isUsable { failure = failure ?? lost(libpq) }
        if let failure { throw failure }
        return results
    }

    /// The error of a result; a fatal one ends the wire.
    private func failure(of result: LibpqResult, _ libpq: LibpqConnection) -> PostgresError {
        guard let server = result.server else { return lost(libpq) }
        let text = "\(server.severity) \(server.sqlState): \(server.message)"
        if server.isFatal {
            discard(server.message)
            return PostgresError(
                .closed,
                "the connection to Postgres at \(endpoint.location) was ended: \(text)",
                server: server
            )
        }
        return PostgresError(
            .server(sqlState: server.sqlState),
            "Postgres at \(endpoint.location): \(text)",
            server: server
        )
    }

    /// libpq would not take the statement: the connection is broken, or in a state it must not be in.
    private func unsent(_ libpq: LibpqConnection) -> PostgresError {
        let why = endpoint.redact(libpq.errorMessage).trimmed
        discard(why)
        return PostgresError(.closed, "a statement could not be sent to Postgres at \(endpoint.location): \(why)")
    }

    private func confused(_ what: String) -> PostgresError {
        discard(what)
        return PostgresError(.closed, "Postgres at \(endpoint.location) answered unexpectedly: \(what)")
    }

    /// A call that was cancelled while it waited for its turn sends nothing.
    private func stopIfInterrupted() throws(PostgresError) {
        if interrupt?.isRaised == true {
            throw PostgresError(.cancelled, "the call was cancelled before it was sent to Postgres")
        }
    }

    private static func checked(_ sql: SQL) throws(PostgresError) -> String {
        let text = sql.text
        try check(text: text)
        if sql.binds.count > maximumBinds {
            throw PostgresError(
                .invalidStatement,
                "\(sql.binds.count) bound values in one statement; \(maximumBinds) are possible",
                nextStep: "bind an array"
            )
        }
        if sql.binds.contains(where: \.holdsStrayNUL) {
            // What the server says to a NUL byte in text that reaches it; a C string would just end there.
            let server = PostgresError.Server(
                sqlState: "22021",
                severity: "ERROR",
                message: "invalid byte sequence for encoding \"UTF8\": 0x00"
            )
            throw PostgresError(.server(sqlState: "22021"), "a bound text holds a NUL byte", server: server)
        }
        return text
    }

    private static func check(text: String) throws(PostgresError) {
        if text.utf8.contains(0) {
            throw PostgresError(.invalidStatement, "the text of a statement holds a NUL byte; nothing was sent")
        }
    }
}
