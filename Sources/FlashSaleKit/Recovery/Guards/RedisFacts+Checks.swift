extension RedisFacts {
    /// The checks of Redis alone.
    ///
    /// - Parameter memoryPercent: share of `maxmemory` above which checkouts are refused.
    func checks(allowNoAOF: Bool, memoryPercent: Int) -> [GuardCheck] {
        [ready, eviction, roleCheck, appendOnly(allowNoAOF), memory(memoryPercent)]
    }

    private var ready: GuardCheck {
        if loading {
            return GuardCheck(
                .redis,
                .critical,
                "Redis at \(location) is still reading its data from disk.",
                nextStep: "Wait until it has finished."
            )
        }
        if (Int(redisVersion.prefix { $0 != "." }) ?? 0) < RedisFacts.oldestMajorVersion {
            return GuardCheck(
                .redis,
                .critical,
                "Redis at \(location) has version \(redisVersion).",
                nextStep: "Install version \(RedisFacts.oldestMajorVersion) or newer."
            )
        }
        return GuardCheck(.redis, .ok, "Redis \(redisVersion) at \(location) answers.")
    }

    private var eviction: GuardCheck {
        if maxmemoryPolicy == "noeviction" {
            return GuardCheck(.evictionPolicy, .ok, "Redis evicts nothing: maxmemory-policy is noeviction.")
        }
        return GuardCheck(
            .evictionPolicy,
            .critical,
            "Redis may evict keys of a sale: maxmemory-policy is \(maxmemoryPolicy).",
            nextStep: advice("maxmemory-policy", "noeviction")
        )
    }

    private var roleCheck: GuardCheck {
        if role == "master" { return GuardCheck(.role, .ok, "Redis is a master.") }
        return GuardCheck(
            .role,
            .critical,
            "Redis at \(location) is a replica (role \(role)).",
            nextStep: "Point the Redis URL at its master."
        )
    }

    private func appendOnly(_ allowNoAOF: Bool) -> GuardCheck {
        if !aofEnabled {
            return GuardCheck(
                .appendOnlyFile,
                allowNoAOF ? .warning : .critical,
                durability,
                nextStep: advice("appendonly", "yes")
                    + (allowNoAOF ? "" : " Or accept the loss with --allow-no-aof.")
            )
        }
        switch appendfsync {
        case "always", "everysec": return GuardCheck(.appendOnlyFile, .ok, durability)
        case nil:
            return GuardCheck(
                .appendOnlyFile,
                .warning,
                durability,
                nextStep: "Allow CONFIG|GET for this user (ACL SETUSER), or look up appendfsync where this server is"
                    + " configured."
            )
        default:
            return GuardCheck(
                .appendOnlyFile,
                .warning,
                durability,
                nextStep: advice("appendfsync", "everysec")
            )
        }
    }

    /// Three quarters of what there is: the rest is for the rewrite of the append-only file.
    private var advisedMemory: String {
        availableMemory > 0 ? "\((availableMemory / 4 * 3) >> 20)mb" : "three quarters of the memory of its machine"
    }

    private func memory(_ percent: Int) -> GuardCheck {
        let used = ByteText.text(Int(usedMemory))
        guard maxmemory > 0 else {
            return GuardCheck(
                .memory,
                .warning,
                "Redis uses \(used) and has no maxmemory: the kernel ends it when memory is full.",
                nextStep: advice("maxmemory", advisedMemory)
            )
        }
        let isBeyond = memoryLimit < maxmemory
        let share = Int(Double(usedMemory) / Double(memoryLimit) * 100)
        let whole = isBeyond ? "that there are" : "of its maxmemory"
        let sentence = "Redis uses \(used), \(share) % of the \(ByteText.text(Int(memoryLimit))) \(whole)"
        let nextStep = "Let the drain catch up (is Postgres slow?), or \(isBeyond ? "add memory" : "raise maxmemory")."
        if share >= percent {
            let refused = "\(sentence). From \(percent) % on checkouts are refused with 503."
            return GuardCheck(.memory, .critical, refused, nextStep: nextStep)
        }
        if isBeyond {
            let maxmemory = ByteText.text(Int(maxmemory))
            return GuardCheck(
                .memory,
                .warning,
                "\(sentence); its maxmemory of \(maxmemory) is more than it can have.",
                nextStep: advice("maxmemory", advisedMemory)
            )
        }
        return share >= percent - 15
            ? GuardCheck(.memory, .warning, "\(sentence).", nextStep: nextStep)
            : GuardCheck(.memory, .ok, "\(sentence).")
    }
}
