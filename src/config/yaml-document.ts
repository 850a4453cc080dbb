import { Composer, type Document, Lexer, type LineCounter, Parser, YAMLParseError } from 'yaml'

/** Lexemes between two pauses: some 20 µs of work each. */
const STEP = 50

/**
 * The `parseDocument` of the yaml library, with pauses: it takes 40 ms for a thousand routes.
 *
 * @param counter - Learns where the lines start.
 */
export function* parseDocument(text: string, counter: LineCounter): Generator<void, Document.Parsed> {
  const parser = new Parser(counter.addNewLine)
  const tokens = []
  let lexemes = 0
  counter.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    if (++lexemes % STEP === 0) yield
  }
  tokens.push(...parser.end())
  yield

  const composer = new Composer({
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: false,
    // Warnings are not printed by this; 'silent' would also hide that there is a second document.
    logLevel: 'error'
  })
  const [document, another] = composer.compose(tokens, true, text.length)
  if (!document) throw new TypeError('the composer was asked for a document in any case and made none')
  if (another) {
    const { range } = another
    document.errors.push(
      new YAMLParseError([range[0], range[1]], 'MULTIPLE_DOCS', 'there are several documents')
    )
  }
  return document
}
