/// The folders are the architecture.
enum LayoutRules {
    /// Folder -> the folders it may hold, and whether files may lie directly in it.
    static let tree: [String: (folders: Set<String>, takesFiles: Bool)] = [
        "": (["Sources", "Tests", "completions", "man", "deploy", "docs", "bench", "scripts", ".ci"], true),
        "Sources": (
            ["CHiredis", "CLibpq", "CReadline", "CBuildInfo", "FlashSaleKit", "flashserve", "flashctl"], false
        ),
        "Sources/FlashSaleKit": (
            [
                "Sale", "Redis", "Postgres", "Journal", "Schedule", "Recovery", "Inspection", "Replay", "LocalStack",
                "Configuration",
            ], false
        ),
        "Tests": (
            [
                "FlashSaleKitTests", "flashserveTests", "flashctlTests", "FaultTests", "FaultSuite", "TestSupport",
                "CClock", "TidyTests",
                // Texts that are kept, programs that sit at a terminal or in front of a browser, and HTTP clients.
                "Snapshots", "Terminal", "Browser", "Clients",
            ], false
        ),
    ]

    /// What a reader follows who asks what a checkout does.
    static let walk = [
        "Sources/flashserve/*ConnectionHandler.swift",
        "Sources/flashserve/*CheckoutBatcher.swift",
        "Sources/FlashSaleKit/Redis/scripts/checkout.lua",
        "Sources/FlashSaleKit/Journal/*Drain.swift",
    ]

    static func misplaced(_ paths: [String]) -> [Offence] {
        paths.compactMap { path in
            let parts = path.split(separator: "/").map(String.init)
            for depth in 0..<parts.count {
                guard let rule = tree[parts[..<depth].joined(separator: "/")] else { continue }
                let isFile = depth == parts.count - 1
                if isFile ? !rule.takesFiles : !rule.folders.contains(parts[depth]) {
                    return Offence(path: path, line: 1, rule: "'\(parts[depth])' has no place in the layout")
                }
            }
            return nil
        }
    }

    /// C targets are a module map and a shim; code in them would escape every other rule. The one that holds what the
    /// build knows of the sources is a function of one line.
    static let shims: [String: Set<String>] = [
        "Sources/CHiredis/": ["module.modulemap", "shim.h"],
        "Sources/CLibpq/": ["module.modulemap", "shim.h"],
        "Sources/CReadline/": ["module.modulemap", "shim.h"],
        "Sources/CBuildInfo/": ["build_info.h", "build_info.c"],
    ]
    /// Lines of a C file.
    static let longestShim = 60

    static func fatShims(_ files: [SourceFile]) -> [Offence] {
        shims.flatMap { folder, names in
            files.filter { $0.path.hasPrefix(folder) }.flatMap { file in
                var offences: [Offence] = []
                if !names.contains(file.name) {
                    offences.append(
                        file.offence(0, "this C target holds \(names.sorted().joined(separator: ", ")) only")
                    )
                }
                if file.name.hasSuffix(".c"), file.lines.count > longestShim {
                    offences.append(file.offence(longestShim, "at most \(longestShim) lines of C"))
                }
                return offences
            }
        }
    }

    /// One command, one file.
    static func crowdedCommands(_ file: SourceFile) -> [Offence] {
        guard file.path.hasPrefix("Sources/flashctl/Commands/") else { return [] }
        let starts = file.code.indices.filter { index in
            ["ParsableCommand", "AsyncParsableCommand", "EnvironmentCommand"].contains {
                BannedRules.contains($0, in: file.code[index])
            }
                && ["struct", "class", "enum"].contains { BannedRules.contains($0, in: file.code[index]) }
        }
        return starts.dropFirst().map { file.offence($0, "a second command in one file") }
    }

    /// Entries of `walk` that no file answers to.
    static func brokenWalk(_ paths: [String]) -> [String] {
        walk.filter { pattern in
            guard let slash = pattern.lastIndex(of: "/") else { return true }
            let folder = pattern[...slash]
            let name = pattern[pattern.index(after: slash)...]
            return !paths.contains { path in
                path.hasPrefix(folder)
                    && ImportRules.matches(String(path.split(separator: "/").last ?? ""), name)
            }
        }
    }

    /// Folders of one machine; assembled, so that this file does not break its own rule.
    static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/tmp" + "/wt"]
    /// Folders of one person. Tests need such paths as samples.
    static let personalPaths = ["/ho" + "me/", "/Us" + "ers/"]

    static func machinePaths(_ file: SourceFile) -> [Offence] {
        let banned = file.isTest ? machinePaths : machinePaths + personalPaths
        return file.lines.enumerated().flatMap { index, line in
            banned.filter { line.contains($0) }.map { file.offence(index, "\($0) is the path of one machine") }
        }
    }
}
