/**
 * Reads an OVF description (DMTF DSP0243 1.x and 2.x, as VMware and VirtualBox write it) into the few
 * facts a machine is made of. Its XML is hostile input: a document type is refused, so there are no
 * entities but XML's own, and what is not known is passed over.
 */
import { SaxesParser } from 'saxes'

/** A device of the virtual hardware: CIM's resource type, and what describes it. */
export interface OvfItem {
  readonly type: number
  readonly subType: string
  readonly quantity: number | null
  readonly units: string
  readonly id: string
  readonly parent: string
  /** Which place at its parent. */
  readonly place: number
  /** `ovf:/disk/vmdisk1` of a disk. */
  readonly resource: string
}

export interface OvfDisk {
  readonly id: string
  readonly file: string
  readonly format: string
}

export interface Ovf {
  readonly name: string
  readonly system: string
  /** By id: the file's name in the archive, and how it is packed. */
  readonly files: ReadonlyMap<string, { readonly name: string; readonly compression: string }>
  readonly disks: readonly OvfDisk[]
  readonly items: readonly OvfItem[]
  readonly isUefi: boolean
  /** How many machines it describes; the first is read. */
  readonly systems: number
  /** Whether it asks its user for values (product properties). */
  readonly hasProperties: boolean
}

const deepest = 64
const mostElements = 20_000
const longestText = 64 * 1024

/** Throws an Error with a sentence for people where the text is no sound OVF. */
export function readOvf(xml: string): Ovf {
  const reader = new OvfReader()
  const parser = new SaxesParser({ xmlns: false })
  let failure: Error | undefined
  parser.on('error', (error) => (failure ??= new Error(`Its description is not sound XML: ${error.message}.`)))
  parser.on('doctype', () => (failure ??= new Error('Its description has a document type, which none needs.')))
  parser.on('opentag', ({ name, attributes }) => {
    if (failure === undefined) failure = reader.open(localName(name), Object.entries(attributes).map(([key, value]): [string, string] => [localName(key), value]))
  })
  parser.on('text', (text) => reader.text(text))
  parser.on('closetag', () => reader.close())
  parser.write(xml).close()
  if (failure !== undefined) throw failure
  return reader.result()
}

/** Prefixes are the author's choice. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

type Fields = Record<string, string>

class OvfReader {
  readonly #path: string[] = []
  readonly #files = new Map<string, { name: string; compression: string }>()
  readonly #disks: OvfDisk[] = []
  readonly #items: OvfItem[] = []
  #item: Fields | null = null
  #text = ''
  #elements = 0
  #systems = 0
  #name = ''
  #id = ''
  #system = ''
  #isUefi = false
  #hasProperties = false

  open(name: string, attributes: readonly (readonly [string, string])[]): Error | undefined {
    const get = (key: string): string => attributes.find(([other]) => other === key)?.[1] ?? ''
    this.#path.push(name)
    this.#text = ''
    if (this.#path.length > deepest || ++this.#elements > mostElements) return new Error('Its description is larger than any can be.')
    switch (name) {
      case 'File':
        this.#files.set(get('id'), { name: get('href'), compression: get('compression') })
        break
      case 'Disk':
        if (this.#path.at(-2) === 'DiskSection') this.#disks.push({ id: get('diskId'), file: get('fileRef'), format: get('format') })
        break
      case 'VirtualSystem':
        this.#systems++
        if (this.#systems === 1) this.#id = get('id')
        break
      case 'Item':
      case 'StorageItem':
      case 'EthernetPortItem':
        this.#item = {}
        break
      case 'Config':
        // vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"
        if (this.#systems === 1 && get('key') === 'firmware' && get('value') === 'efi') this.#isUefi = true
        break
      case 'Firmware':
        // vbox:Machine/Hardware/Firmware
        if (this.#systems === 1 && /^EFI/i.test(get('type'))) this.#isUefi = true
        break
      case 'Property':
        this.#hasProperties ||= this.#path.includes('ProductSection')
        break
      default:
    }
    return undefined
  }

  text(text: string): void {
    if (this.#text.length < longestText) this.#text += text
  }

  close(): void {
    const name = this.#path.pop() ?? ''
    const text = this.#text.trim()
    const parent = this.#path.at(-1)
    if (this.#item !== null && (parent === 'Item' || parent === 'StorageItem' || parent === 'EthernetPortItem')) this.#item[name] ??= text
    else if (this.#item !== null && (name === 'Item' || name === 'StorageItem' || name === 'EthernetPortItem')) {
      if (this.#systems === 1) this.#items.push(asItem(this.#item))
      this.#item = null
    } else if (this.#systems === 1 && parent === 'VirtualSystem' && name === 'Name') this.#name = text
    else if (this.#systems === 1 && parent === 'OperatingSystemSection' && name === 'Description') this.#system = text
    this.#text = ''
  }

  result(): Ovf {
    return { name: this.#name || this.#id, system: this.#system, files: this.#files, disks: this.#disks, items: this.#items, isUefi: this.#isUefi, systems: this.#systems, hasProperties: this.#hasProperties }
  }
}

function asItem(fields: Fields): OvfItem {
  const number = (key: string): number | null => (/^[0-9]{1,15}$/.test(fields[key] ?? '') ? Number(fields[key]) : null)
  return {
    type: number('ResourceType') ?? 0,
    subType: fields['ResourceSubType'] ?? '',
    quantity: number('VirtualQuantity'),
    units: fields['AllocationUnits'] ?? '',
    id: fields['InstanceID'] ?? '',
    parent: fields['Parent'] ?? '',
    place: number('AddressOnParent') ?? 0,
    resource: fields['HostResource'] ?? '',
  }
}
