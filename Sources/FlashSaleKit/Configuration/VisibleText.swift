import Foundation

/// Text that buyers and operators have chosen, as people may see it: the one place that decides what is shown of it.
///
/// Characters that are invisible, that turn the direction of what follows, or that steer a terminal are written as
/// `\u{200d}`. So is what makes a text differ from its composed form: `é` of one scalar is shown as it is, `é` of two
/// as `e\u{301}`, so that two users whom Unicode calls equal can be told apart. JSON and CSV have the exact text.
public enum VisibleText {
    /// A text as it came from outside. Letters in it that look like an escape of ours are told apart from one.
    public static func escaped(_ text: String) -> String { shown(text, isForeign: true) }

    /// A sentence: what was escaped when it was put together stays as it is.
    public static func shown(_ text: String) -> String { shown(text, isForeign: false) }

    private static func shown(_ text: String, isForeign: Bool) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) { return text }
        var output = String.UnicodeScalarView()
        for character in text {
            let scalars = character.unicodeScalars
            let isComposed =
                character.isASCII
                || scalars.elementsEqual(String(character).precomposedStringWithCanonicalMapping.unicodeScalars)
            for (index, scalar) in scalars.enumerated() {
                // Of a sequence that has a composed form its base is shown, of a single scalar that has one nothing.
                let isOtherForm = !isComposed && (index > 0 || scalars.count == 1)
                // A mark that stands on nothing would stand on what is printed in front of it.
                if isOtherForm || isHidden(scalar) || (index == 0 && isMark(scalar)) {
                    output.append(contentsOf: escape(scalar).unicodeScalars)
                } else {
                    output.append(scalar)
                }
            }
        }
        let shown = String(output)
        return isForeign ? told(shown, apartFrom: text) : shown
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }

    /// When the text itself has `\u{`, each of its backslashes is escaped.
    private static func told(_ shown: String, apartFrom text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")), Array(text.utf8).firstRange(of: Array("\\u{".utf8)) != nil else {
            return shown
        }
        return text.unicodeScalars.split(separator: "\\", omittingEmptySubsequences: false)
            .map { VisibleText.shown(String($0)) }
            .joined(separator: escape("\\"))
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Whether one sees nothing of it, or it changes how what follows is seen.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
        case .spaceSeparator: scalar != " "
        // Fillers, variation selectors, the empty cell of Braille.
        default: scalar.properties.isDefaultIgnorableCodePoint || scalar.value == 0x2800
        }
    }
}
