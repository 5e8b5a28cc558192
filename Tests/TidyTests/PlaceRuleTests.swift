import Testing

@Suite("Rules about places catch what they are for")
struct PlaceRuleTests {
    private func file(_ path: String, _ text: String = "-- What it is for.\n") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test("Embedded files")
    func embedded() {
        let migrations = EmbeddedRules.migrations
        #expect(EmbeddedRules.beginnings(file(migrations + "m0001_a.sql")) == [])
        #expect(EmbeddedRules.beginnings(file(migrations + "m0001_a.sql", "create table a ();")).count == 1)
        #expect(EmbeddedRules.beginnings(file(EmbeddedRules.scripts + "a.lua", "#!lua name=a\n")).count == 1)
        #expect(EmbeddedRules.beginnings(file(EmbeddedRules.scripts + "a.lua", "")).count == 1)
        let good = [file(migrations + "m0001_a.sql"), file(migrations + "m0002_b.sql")]
        #expect(EmbeddedRules.migrationNames(good) == [])
        #expect(EmbeddedRules.migrationNames([good[1]]).count == 1)
        #expect(EmbeddedRules.migrationNames([file(migrations + "0001_a.sql")]).count == 1)
        #expect(EmbeddedRules.migrationNames([file(migrations + "m0001_a.txt")]).count == 1)
    }

    @Test("Commands that block Redis")
    func slowCommands() {
        #expect(EmbeddedRules.slowCommands(file("Sources/a.lua", "redis.call('DEL', KEYS[1])")).count == 1)
        #expect(EmbeddedRules.slowCommands(file("Sources/a.lua", "redis.pcall(\"keys\", '*')")).count == 1)
        #expect(EmbeddedRules.slowCommands(file("Sources/a.lua", "redis.call('UNLINK', KEYS[1])")) == [])
        #expect(EmbeddedRules.slowCommands(file("Sources/a.swift", "RedisCommand(\"FLUSHALL\")")).count == 1)
        #expect(EmbeddedRules.slowCommands(file("Tests/a.swift", "RedisCommand(\"FLUSHALL\")")) == [])
        // Lua inside of Swift, parts of a command, and a command of several lines.
        let sent = [
            "let script = \"\"\"\n    redis.call('DEL', KEYS[1])\n    \"\"\"", "RedisCommand(parts: [\"DEL\"] + keys)",
            "RedisCommand(parts: [.string(\"DEL\")] + keys)", "RedisCommand(\n    \"DEL\",\n    key\n)",
            "RedisCommand(\n    parts: [\n        .string(\"DEL\"),\n    ]\n)", "let parts = [\"DEL\"] + keys",
        ]
        for text in sent { #expect(EmbeddedRules.slowCommands(file("Sources/a.swift", text)).count == 1, "\(text)") }
        #expect(EmbeddedRules.slowCommands(file("Sources/a.swift", "RedisCommand(parts: [\"UNLINK\"])")) == [])
        #expect(EmbeddedRules.slowCommands(file("Sources/a.swift", "let names = [\n    \"DEL\",\n]")) == [])
        let mortal = "let script = \"redis.call('EXPIRE', KEYS[1], 10)\""
        #expect(RecordRules.mortalKeys(file("Sources/a.swift", mortal)).count == 1)
    }

    @Test("Files out of place")
    func layout() {
        func misplaced(_ path: String) -> Bool { !LayoutRules.misplaced([path]).isEmpty }
        #expect(misplaced("Sources/FlashSaleKit/Loose.swift"))
        #expect(misplaced("Sources/FlashSaleKit/Helpers/A.swift"))
        #expect(misplaced("Sources/Other/A.swift"))
        #expect(misplaced("junk/a.txt"))
        #expect(misplaced("Tests/Loose.swift"))
        #expect(!misplaced("Sources/FlashSaleKit/Redis/scripts/a.lua"))
        #expect(!misplaced("Sources/flashctl/main.swift"))
        #expect(!misplaced("Makefile"))
        #expect(LayoutRules.fatShims([file("Sources/CLibpq/shim.h"), file("Sources/CLibpq/more.c")]).count == 1)
        let long = String(repeating: "int x;\n", count: 80)
        #expect(LayoutRules.fatShims([file("Sources/CBuildInfo/build_info.c")]).isEmpty)
        #expect(LayoutRules.fatShims([file("Sources/CBuildInfo/build_info.c", long)]).count == 1)
        #expect(LayoutRules.fatShims([file("Sources/CBuildInfo/other.c")]).count == 1)
    }

    @Test("Two commands in one file")
    func commands() {
        let one = "struct A: ParsableCommand {}\n"
        let path = "Sources/flashctl/Commands/A.swift"
        #expect(LayoutRules.crowdedCommands(file(path, one)) == [])
        #expect(LayoutRules.crowdedCommands(file(path, one + "struct B: AsyncParsableCommand {}")).map(\.line) == [2])
    }

    @Test("A walk with a missing station")
    func walk() {
        let all = [
            "Sources/flashserve/ConnectionHandler.swift", "Sources/flashserve/CheckoutBatcher.swift",
            "Sources/FlashSaleKit/Redis/scripts/checkout.lua", "Sources/FlashSaleKit/Journal/LedgerDrain.swift",
        ]
        #expect(LayoutRules.brokenWalk(all) == [])
        for (index, station) in LayoutRules.walk.enumerated() {
            var paths = all
            paths.remove(at: index)
            #expect(LayoutRules.brokenWalk(paths) == [station])
        }
    }

    @Test("Paths of one machine")
    func machinePaths() {
        #expect(LayoutRules.machinePaths(file("README.md", "cd /ho" + "me/me/flashctl")).count == 1)
        #expect(LayoutRules.machinePaths(file("README.md", "cd flashctl")) == [])
        #expect(LayoutRules.machinePaths(file("Tests/X/T.swift", "let home = \"/ho" + "me/me\"")) == [])
        #expect(LayoutRules.machinePaths(file("Tests/X/T.swift", "let clone = \"/wo" + "rk/me\"")).count == 1)
    }

    @Test("Targets that let warnings pass")
    func package() {
        let strict = "let swiftSettings = [.treatAllWarnings(as: .error)]\n"
        let good = ".target(\n name: \"a\", swiftSettings: swiftSettings)\n"
        #expect(PackageRules.looseTargets(SourceFile(path: "Package.swift", text: strict + good)) == [])
        #expect(PackageRules.looseTargets(SourceFile(path: "Package.swift", text: good)).count == 1)
        let loose = strict + good + ".testTarget(name: \"b\")\n"
        #expect(PackageRules.looseTargets(SourceFile(path: "Package.swift", text: loose)).map(\.line) == [4])
        let makefile = file("Makefile", "# no -Ounchecked\n\tswift build -Xswiftc -Ounchecked\n")
        #expect(PackageRules.uncheckedBuilds([makefile]).map(\.line) == [2])
    }
}
