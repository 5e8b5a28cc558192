/// The first commands of a connection, one after the other: AUTH, SELECT, CLIENT SETNAME, PING. The PING shows that the
/// server answers: a stopped one accepts connections too.
final class RedisHandshake {
    private enum Step {
        case auth, select, name, ping
    }

    private let channel: RedisChannel
    private let endpoint: RedisEndpoint
    private let done: (Result<Void, RedisError>) -> Void
    private var steps: [(Step, RedisCommand)] = []

    init(
        _ channel: RedisChannel,
        _ endpoint: RedisEndpoint,
        _ options: RedisConnectionOptions,
        done: @escaping (Result<Void, RedisError>) -> Void
    ) {
        self.channel = channel
        self.endpoint = endpoint
        self.done = done
        if let password = endpoint.password?.revealed {
            let user = endpoint.username.map { [RedisArgument.string($0)] } ?? []
            steps.append((.auth, RedisCommand(parts: [.string("AUTH")] + user + [.string(password)])))
        }
        if endpoint.database != 0 {
            steps.append((.select, RedisCommand("SELECT", String(endpoint.database))))
        }
        steps.append((.name, RedisCommand("CLIENT", "SETNAME", options.clientName)))
        steps.append((.ping, RedisCommand("PING")))
    }

    func start() {
        next(steps[...])
    }

    private func next(_ steps: ArraySlice<(Step, RedisCommand)>) {
        guard let (step, command) = steps.first else { return done(.success(())) }
        channel.send(command) { [self] result in
            switch result {
            case .failure(let error): done(.failure(lost(error)))
            case .success(.error(let text)):
                if let error = refusal(step, text) { return done(.failure(error)) }
                next(steps.dropFirst())
            case .success: next(steps.dropFirst())
            }
        }
    }

    private func lost(_ error: RedisError) -> RedisError {
        RedisError(
            .connectFailed,
            "cannot connect to Redis at \(endpoint.location)",
            nextStep: error.nextStep
                ?? "check that it is a Redis server, has room for another client (maxclients), and expects TLS"
                + " (rediss://) or not (redis://)",
            underlying: error
        )
    }

    /// The error for an error reply; nil when the connection is usable all the same. Of the reply to AUTH only the
    /// first word is shown: an unknown command is quoted back with its arguments.
    private func refusal(_ step: Step, _ text: String) -> RedisError? {
        let word = String(text.prefix { $0 != " " })
        if ["NOAUTH", "WRONGPASS"].contains(word) || (step == .auth && !isFull(text)) {
            return RedisError(
                .authentication,
                "Redis at \(endpoint.location) refused the credentials (\(word))"
                    + " of user \"\(endpoint.username ?? "default")\"",
                nextStep: endpoint.password == nil
                    ? "put the password into the Redis URL: redis://:PASSWORD@host:port"
                    : "correct user and password in the Redis URL"
            )
        }
        if isFull(text) || word == "DENIED" || step == .select {
            return RedisError(.connectFailed, "Redis at \(endpoint.location) refused the connection: \(text)")
        }
        // Alive but loading, busy or restrictive: the caller finds out by its own commands.
        return nil
    }

    private func isFull(_ text: String) -> Bool {
        text.hasPrefix("ERR max number of clients")
    }
}
