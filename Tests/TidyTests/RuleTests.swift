import Testing

/// Every rule is shown a bad sample: a check that cannot fail is worth nothing.
@Suite("Rules catch what they are for")
struct RuleTests {
    private func file(_ text: String, path: String = "Sources/flashctl/A.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private func lines(_ offences: [Offence]) -> [Int] { offences.map(\.line) }

    @Test("Long files, the median, long lines")
    func lengths() {
        let long = file(String(repeating: "a\n", count: 401))
        let fits = file(String(repeating: "a\n", count: 400))
        #expect(LengthRules.longFiles([long, fits]).count == 1)
        #expect(LengthRules.longFiles([file(String(repeating: "a\n", count: 999), path: "README.md")]) == [])
        #expect(LengthRules.median([long, fits, file("a")]) == 400)
        let wide = file("a\n" + String(repeating: "ä", count: 121) + "\n" + String(repeating: "ä", count: 120))
        #expect(lines(LengthRules.longLines(wide)) == [2])
    }

    @Test("Long functions")
    func functions() {
        let body = String(repeating: "    x()\n", count: 68)
        #expect(LengthRules.longFunctions(file("func fits() {\n\(body)}\n")) == [])
        #expect(lines(LengthRules.longFunctions(file("\nfunc long() {\n\(body)\n}\n"))) == [2])
    }

    @Test("Too few tests")
    func ratio() {
        let source = file("a\nb\n\nc\nd\n")
        let test = file("a\n\n\nb\nc\n", path: "Tests/X/T.swift")
        #expect(LengthRules.testRatio([source, test]) == 0.75)
        #expect(LengthRules.testRatio([test]) == 0)
    }

    @Test(
        "Banned constructs",
        arguments: [
            "let a = try! b()", "fatalError()", "print(1)", "let s = DispatchSemaphore(value: 0)", "f.wait()",
            "let a = b as! C", "debugPrint(a)", "@Test(.disabled(\"later\")) func a() {}", "withKnownIssue { a() }",
            "let s = \"\\(try! a())\"",
        ]
    )
    func banned(_ sample: String) {
        #expect(lines(BannedRules.constructs(file("let x = 1\n" + sample))) == [2])
    }

    @Test(
        "Allowed constructs",
        arguments: [
            "let a = try b()", "sprint(1)", "a.print(1)", "// print(1)", "let s = \"try! print(1)\"", "f.wait(for: 1)",
            "func preprint() {}",
        ]
    )
    func allowed(_ sample: String) { #expect(BannedRules.constructs(file(sample)) == []) }

    @Test(
        "Limits that a slow machine meets",
        arguments: [
            "let end = ContinuousClock.now + .seconds(10)", "#expect(passed < .seconds(4))",
            "#expect(passed < .milliseconds(300))", "@Suite(.timeLimit(.minutes(1))) struct A {}",
        ]
    )
    func limits(_ sample: String) {
        #expect(lines(PatienceRules.limits(file("let x = 1\n" + sample, path: "Tests/X/T.swift"))) == [2])
        #expect(PatienceRules.limits(file(sample)) == [], "the product has limits")
        let patient =
            "let end = ContinuousClock.now + TestPatience.limit // < .seconds(1)\n@Suite(.timeLimit(.minutes(20)))"
        #expect(PatienceRules.limits(file(patient, path: "Tests/X/T.swift")) == [])
    }

    @Test("Exceptions by place")
    func places() {
        #expect(BannedRules.constructs(file("print(1)", path: "Sources/flashctl/Output/Output.swift")) == [])
        #expect(BannedRules.constructs(file("fatalError()", path: "Sources/flashctl/main.swift")) == [])
        #expect(BannedRules.constructs(file("print(1)", path: "Tests/X/T.swift")).count == 1)
        #expect(BannedRules.constructs(file("try!", path: "README.md")) == [])
    }

    @Test("Open ends")
    func openEnds() {
        #expect(lines(BannedRules.openEnds(file("a // FIX" + "ME: b\nc /* TO" + "DO */"))) == [1, 2])
        #expect(BannedRules.openEnds(file("let isTODOList = \"TO" + "DO\"")) == [])
        #expect(lines(BannedRules.openEnds(file("-- XX" + "X", path: "Sources/a.lua"))) == [1])
    }

    @Test(
        "Force unwraps",
        arguments: ["a!", "a()!.b", "a[0]!", "var a: Int!", "f(a!, b)", "a?.b! + 1", "\"\"!", "{ a }()!"]
    )
    func forceUnwraps(_ sample: String) { #expect(BannedRules.forceUnwraps(file(sample)).count == 1) }

    @Test(
        "No force unwraps",
        arguments: ["!a", "a != b", "a!=b", "if !a.b {", "f(!a)", "// a!", "\"a!\"", "#if !DEBUG"]
    )
    func noForceUnwraps(_ sample: String) { #expect(BannedRules.forceUnwraps(file(sample)) == []) }

    @Test("Foreign imports of C modules")
    func foreignC() {
        #expect(ImportRules.foreignC(file("import CLibpq")).count == 1)
        #expect(ImportRules.foreignC(file("internal import CHiredis")).count == 1)
        #expect(ImportRules.foreignC(file("import struct CReadline.X")).count == 1)
        #expect(ImportRules.foreignC(file("import CLibpq", path: "Sources/FlashSaleKit/Postgres/A.swift")) == [])
        #expect(ImportRules.foreignC(file("import CLibpq", path: "Tests/X/T.swift")).count == 1)
        #expect(ImportRules.foreignC(file("import CLibpqx // import CLibpq")) == [])
    }

    @Test("Foundation in the hot path")
    func hotPath() {
        let hot = "Sources/flashserve/ConnectionHandler+Parse.swift"
        #expect(lines(ImportRules.slowHotPath(file("import NIOCore\npublic import Foundation", path: hot))) == [2])
        #expect(ImportRules.slowHotPath(file("struct A: Codable {}", path: hot)).count == 1)
        #expect(ImportRules.slowHotPath(file("import Foundation", path: "Sources/flashserve/Health.swift")) == [])
        for path in [
            "Sources/flashserve/CheckoutBatcher.swift", "Sources/flashserve/HTTP/RequestTarget.swift",
            "Sources/FlashSaleKit/Redis/RedisChannel.swift", "Sources/FlashSaleKit/Redis/CheckoutCall.swift",
            "Sources/FlashSaleKit/Sale/HoldID.swift",
        ] {
            #expect(ImportRules.isHot(path), "\(path)")
        }
        #expect(!ImportRules.isHot("Sources/FlashSaleKit/Redis/RedisClient.swift"))
    }

    @Test("Patterns")
    func patterns() {
        #expect(ImportRules.matches("aBatcherb.swift", "*Batcher*.swift"))
        #expect(!ImportRules.matches("Batch.swift", "*Batcher*.swift"))
        #expect(ImportRules.matches("x", "x"))
        #expect(!ImportRules.matches("ab", "ab*b"))
    }

    @Test("Unchecked concurrency without a reason")
    func reasons() {
        let bare = "final class A: @unchecked Sendable {}"
        #expect(ReasonRules.missingReasons(file(bare)).count == 1)
        #expect(ReasonRules.missingReasons(file("// because\n" + bare)).count == 1)
        #expect(ReasonRules.missingReasons(file("// Only used on its event loop.\n\n" + bare)).count == 1)
        #expect(ReasonRules.missingReasons(file("// Only used on its event loop.\n@frozen\n" + bare)) == [])
        #expect(ReasonRules.missingReasons(file("nonisolated(unsafe) var a = 1")).count == 1)
    }
}
