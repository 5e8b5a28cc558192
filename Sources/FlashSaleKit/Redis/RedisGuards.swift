/// Reads what must be true of a Redis server before it is trusted with a sale.
public enum RedisGuards {
    /// Asks the server with `INFO` and `CONFIG GET`. Without the right to use `CONFIG` only `appendfsync` stays
    /// unknown; without `INFO` it throws.
    public static func read(_ client: RedisClient) async throws -> RedisFacts {
        let info = Info(try await text(of: "INFO", client))
        return RedisFacts(
            location: client.location,
            runID: try info.text("run_id", client.location),
            masterReplID: try info.text("master_replid", client.location),
            role: try info.text("role", client.location),
            maxmemoryPolicy: try info.text("maxmemory_policy", client.location),
            aofEnabled: try info.number("aof_enabled", client.location) != 0,
            appendfsync: try await appendfsync(client),
            redisVersion: try info.text("redis_version", client.location),
            loading: try info.number("loading", client.location) != 0,
            usedMemory: try info.number("used_memory", client.location),
            maxmemory: try info.number("maxmemory", client.location),
            availableMemory: info.availableMemory(client.location)
        )
    }

    private static func text(of command: String, _ client: RedisClient) async throws -> String {
        switch try await client.sendRaw(RedisCommand(command)) {
        case .error(let text):
            throw RedisError(
                RedisError(serverReply: text).code,
                "Redis at \(client.location) does not answer \(command): \(text)",
                nextStep: "allow \(command) for this user (ACL SETUSER), and do not rename it"
            )
        case let reply:
            guard let text = reply.string else {
                throw RedisError(.unexpectedReply, "Redis at \(client.location) answered \(command) without a text")
            }
            return text
        }
    }

    private static func appendfsync(_ client: RedisClient) async throws -> String? {
        switch try await client.sendRaw(RedisCommand("CONFIG", "GET", "appendfsync")) {
        // Renamed, or forbidden to this user: managed servers do both.
        case .error: nil
        case let reply: reply.elements?.dropFirst().first?.string
        }
    }

    /// The lines `name:value` of an INFO reply.
    struct Info {
        private var values: [Substring: Substring] = [:]

        init(_ text: String) {
            for line in text.split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                values[line[..<colon]] = line[line.index(after: colon)...]
            }
        }

        func text(_ name: String, _ location: String) throws(RedisError) -> String {
            guard let value = values[Substring(name)] else { throw missing(name, location) }
            return String(value)
        }

        func number(_ name: String, _ location: String) throws(RedisError) -> Int64 {
            guard let number = Int64(try text(name, location)) else { throw missing(name, location) }
            return number
        }

        /// What the server may really use, in bytes; 0 when it does not say.
        func availableMemory(_ location: String) -> Int64 {
            let machine = values["total_system_memory"].flatMap { Int64($0) } ?? 0
            guard RedisEndpoint.isLocal(location), let pid = values["process_id"].flatMap({ Int32($0) }),
                let group = CgroupMemory.limit(of: pid, named: ["redis-server", "valkey-server"])
            else { return machine }
            return machine > 0 ? min(machine, group) : group
        }

        private func missing(_ name: String, _ location: String) -> RedisError {
            RedisError(
                .unexpectedReply,
                "INFO of Redis at \(location) has no usable \(name)",
                nextStep: "check that it is Redis 7 or newer, and not a proxy"
            )
        }
    }
}
