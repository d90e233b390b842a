import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type RunCell, runSchema } from '../../contract/run.ts'
import { junitXml } from './junit.ts'

const cell = (index: number, change: Partial<RunCell>): RunCell => ({ index, values: { os: `"a" & <b>${index}` }, state: 'passed', exitStatus: 0, signal: null, startedAt: '2026-01-02T03:04:05.678Z', endedAt: '2026-01-02T03:04:06.000Z', readyMs: 20, durationMs: 1234.5, machine: null, keptUntil: null, hasScreenshot: true, lastLine: '', reason: null, notes: [], ...change })

const run = runSchema.parse({
  id: 'abcdefghijkl', number: 7, template: { id: 'abcdefghijkl', name: 'tests' }, argv: ['sh', '-c', 'exit "$X"\n'], commandLine: '', matrix: {}, count: 1, parallel: 2, timeoutSeconds: 9, keepOnFailure: false, state: 'failed', startedAt: '2026-01-02T03:04:05.678Z', endedAt: null,
  cells: [cell(0, {}), cell(1, { state: 'failed', exitStatus: 3 }), cell(2, { state: 'failed', exitStatus: null, signal: 'SIGSEGV' }), cell(3, { state: 'timed-out', exitStatus: null, reason: 'Too late.' }), cell(4, { state: 'failed', exitStatus: null, reason: 'No QEMU.' }), cell(5, { state: 'cancelled', exitStatus: null })],
})

/** What both Ant's and Jenkins' schemas ask for, in the schema language: https://github.com/windyroad/JUnit-Schema, https://github.com/jenkinsci/xunit-plugin */
const schema = `<?xml version="1.0"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:simpleType name="at"><xs:restriction base="xs:dateTime"><xs:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"/></xs:restriction></xs:simpleType>
<xs:complexType name="bad"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="message"/><xs:attribute name="type" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:element name="testsuites"><xs:complexType><xs:sequence><xs:element name="testsuite" maxOccurs="unbounded"><xs:complexType><xs:sequence>
<xs:element name="properties"><xs:complexType><xs:sequence><xs:element name="property" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:attribute name="name" use="required"/><xs:attribute name="value" use="required"/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
<xs:element name="testcase" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:choice minOccurs="0"><xs:element name="error" type="bad"/><xs:element name="failure" type="bad"/></xs:choice><xs:attribute name="name" use="required"/><xs:attribute name="classname" use="required"/><xs:attribute name="time" type="xs:decimal" use="required"/></xs:complexType></xs:element>
<xs:element name="system-out" type="xs:string"/><xs:element name="system-err" type="xs:string"/></xs:sequence>
<xs:attribute name="name" use="required"/><xs:attribute name="package" use="required"/><xs:attribute name="id" type="xs:int" use="required"/><xs:attribute name="timestamp" type="at" use="required"/><xs:attribute name="hostname" use="required"/><xs:attribute name="tests" type="xs:int" use="required"/><xs:attribute name="failures" type="xs:int" use="required"/><xs:attribute name="errors" type="xs:int" use="required"/><xs:attribute name="time" type="xs:decimal" use="required"/>
</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>`

test('a command that failed is a failure, one that could not be carried out an error, and what XML cannot hold is escaped', () => {
  const xml = junitXml(run, 'host', (index) => ({ stdout: `out ${index} \u{1b}[31m ]]> \u{0} \ud800`, stderr: '<&>' }))
  expect(xml.match(/<failure type="[a-z-]+" message="[^"]*"/g)).toEqual(['<failure type="failed" message="The command ended with status 3."', '<failure type="failed" message="The command was ended by SIGSEGV."', '<failure type="timed-out" message="Too late."'])
  expect(xml.match(/<error type="[a-z-]+" message="[^"]*"/g)).toEqual(['<error type="failed" message="No QEMU."', '<error type="cancelled" message="It was not carried out."'])
  expect(xml).toContain(String.raw`<system-out>out 0 \x1b[31m ]]&gt; \x00 \xd800</system-out>`)
  expect(xml).toContain('name="sh -c exit &quot;$X&quot;&#10;"')
  expect(xml).toContain('<property name="os" value="&quot;a&quot; &amp; &lt;b&gt;0"/>')
})

test('it is valid by the schema of its readers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-junit-'))
  try {
    await writeFile(join(folder, 'junit.xsd'), schema)
    await writeFile(join(folder, 'junit.xml'), junitXml(run, 'host', () => ({ stdout: '\u{1b}\u{ffff}ü', stderr: '' })))
    const outcome = await promisify(execFile)('xmllint', ['--noout', '--schema', join(folder, 'junit.xsd'), join(folder, 'junit.xml')]).then(() => 'valid', (error: Error & { stderr?: string }) => error.stderr ?? error.message)
    expect(outcome).toBe('valid')
  } finally {
    await rm(folder, { recursive: true })
  }
})
