import Testing

@Suite("Reading Swift: code, comments, strings, functions")
struct CodeScannerTests {
    private func code(_ text: String) -> String {
        CodeScanner.code(of: text).split(separator: " ").joined(separator: " ")
    }

    @Test("Comments vanish, nested ones too; columns stay")
    func comments() {
        #expect(code("a // b!\nc") == "a \nc")
        #expect(code("a /* b /* c */ d */ e") == "a e")
        #expect(CodeScanner.code(of: "let ä = 1 // é").utf8.count == "let ä = 1 // é".utf8.count)
    }

    @Test("Strings are empty, interpolations stay")
    func strings() {
        #expect(code(#"f("try! // no") + g"#) == #"f(" ") + g"#)
        #expect(code(#"f("a \(try! b("c")) d") + g"#) == #"f(" (try! b(" ")) ") + g"#)
        #expect(code(##"f(#"say "hi" \(no)"#) + g"##) == ##"f(#" "#) + g"##)
        #expect(code(##"f(#"say \#(yes)"#) + g"##) == ##"f(#" (yes)"#) + g"##)
        #expect(code(#"f("\" // \\") + g"#) == #"f(" ") + g"#)
        #expect(code("f(\"\"\"\n try! \"x\" // y\n\"\"\") + g") == "f(\"\"\"\n \n\"\"\") + g")
    }

    @Test("A string that does not end hides one line only")
    func unterminated() {
        #expect(code("let a = \"oh\ntry! b").contains("try! b"))
    }

    private func functions(_ text: String) -> [FunctionScanner.Function] {
        FunctionScanner.functions(in: SourceFile(path: "Sources/x.swift", text: text))
    }

    @Test("Functions are found with their lines")
    func findsFunctions() {
        let text = """
            struct S {
                let a: Int
                init(a: Int = { 3 }()) {
                    self.a = a
                }
                var b: Int { a }
                var c: Int {
                    get { a }
                }
                func d<T>(_ f: (T) -> Void) async throws -> [T] where T: Sendable {
                    let g = T.init
                    func inner() {}
                    return []
                }
                subscript(i: Int) -> Int { i }
                deinit {}
            }
            """
        let found = functions(text)
        #expect(found.map(\.name) == ["init", "b", "c", "d", "inner", "subscript", "deinit"])
        #expect(found.map(\.lineCount) == [3, 1, 3, 5, 1, 1, 1])
        #expect(found.map(\.firstLine) == [2, 5, 6, 9, 11, 14, 15])
    }

    @Test("Requirements of a protocol have no body to steal")
    func protocols() {
        let text = """
            protocol P {
                func a()
                func b() -> Int
                var c: Int { get }
                init(d: Int)
            }
            func e() {
            }
            """
        #expect(functions(text).map(\.name) == ["c", "e"])
    }
}
