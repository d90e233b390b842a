/**
 * The doc comments of the contract's schemas, which the schemas themselves do not carry at run
 * time: read from the source.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from '../bootstrap.mjs'
import { filesBelow } from '../content-stamp.mjs'

/**
 * Comments by what they are on: `Machine`, `Machine.state`, `Machine.process.accelerator` for a
 * property however deep, `MachineState=paused` for a word of an enumeration.
 * @returns {ReadonlyMap<string, string>}
 */
export function contractComments() {
  /** @type {Map<string, string>} */
  const comments = new Map()
  for (const file of filesBelow([join(root, 'contract')], (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.generated.ts'))) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true)
    for (const statement of source.statements) {
      if (!ts.isVariableStatement(statement)) continue
      for (const declaration of statement.declarationList.declarations) {
        const name = declaration.name.getText(source).replace(/Schema$/, '')
        const type = name.charAt(0).toUpperCase() + name.slice(1)
        note(comments, type, commentOn(statement, source))
        if (declaration.initializer !== undefined) visit(declaration.initializer, type, source, comments)
      }
    }
  }
  return comments
}

/**
 * @param {ts.Node} node
 * @param {string} path
 * @param {ts.SourceFile} source
 * @param {Map<string, string>} comments
 */
function visit(node, path, source, comments) {
  if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
    const inner = `${path}.${node.name.getText(source).replace(/^'(.*)'$/, '$1')}`
    note(comments, inner, commentOn(node, source))
    if (ts.isPropertyAssignment(node)) visit(node.initializer, inner, source, comments)
    return
  }
  if (ts.isArrayLiteralExpression(node)) {
    for (const element of node.elements) {
      if (ts.isStringLiteral(element)) note(comments, `${path}=${element.text}`, commentOn(element, source))
    }
  }
  ts.forEachChild(node, (child) => visit(child, path, source, comments))
}

/**
 * @param {Map<string, string>} comments
 * @param {string} key
 * @param {string} text
 */
function note(comments, key, text) {
  if (text !== '' && !comments.has(key)) comments.set(key, text)
}

/**
 * The doc comment directly before a node, as one line.
 * @param {ts.Node} node
 * @param {ts.SourceFile} source
 */
function commentOn(node, source) {
  const text = source.getFullText()
  const range = (ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []).findLast(({ pos }) => text.startsWith('/**', pos))
  if (range === undefined) return ''
  return text.slice(range.pos + 3, range.end - 2).split('\n').map((line) => line.replace(/^\s*\* ?/, '').trim()).join(' ').trim()
}
