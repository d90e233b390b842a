/** OVA files for tests: a description as VirtualBox and VMware write it, and disks, in a tar archive. */
import { writeFile } from 'node:fs/promises'
import { encodeTarHeader, tarEnd, tarPadding } from '../archive/tar-header.ts'

export interface PackedPart {
  readonly name: string
  readonly content: Buffer | string
}

/** Writes a tar archive of these files, in this order. Names are taken as they are, also wicked ones. */
export async function writeOva(path: string, parts: readonly PackedPart[]): Promise<void> {
  const blocks = parts.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content)
    return [encodeTarHeader({ kind: 'file', path: name, mode: 0o644, bytes: bytes.length, modifiedSeconds: 0, target: '' }), bytes, Buffer.alloc(tarPadding(bytes.length))]
  })
  await writeFile(path, Buffer.concat([...blocks, tarEnd]))
}

/** An appliance with two CPUs, 256 MB, a SATA disk, an E1000 card and sound; `more` goes into its hardware. */
export function ovfText({ name = 'Shop &amp; till', disk = 'shop-disk1.vmdk', more = '', before = '' }: { readonly name?: string; readonly disk?: string; readonly more?: string; readonly before?: string } = {}): string {
  const item = (fields: Readonly<Record<string, string | number>>): string => `<Item>${Object.entries(fields).map(([key, value]) => `<rasd:${key}>${value}</rasd:${key}>`).join('')}</Item>`
  return `<?xml version="1.0"?>${before}
<Envelope ovf:version="1.0" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:id="file1" ovf:href="${disk}"/></References>
  <DiskSection><Info>Disks</Info><Disk ovf:capacity="67108864" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
  <VirtualSystem ovf:id="shop">
    <Name>${name}</Name>
    <OperatingSystemSection ovf:id="96"><Info>Kind of system</Info><Description>Debian_64</Description></OperatingSystemSection>
    <VirtualHardwareSection>
      <System><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType></System>
      ${item({ InstanceID: 1, ResourceType: 3, VirtualQuantity: 2 })}
      ${item({ AllocationUnits: 'MegaBytes', InstanceID: 2, ResourceType: 4, VirtualQuantity: 256 })}
      ${item({ InstanceID: 3, ResourceSubType: 'AHCI', ResourceType: 20 })}
      ${item({ InstanceID: 4, ResourceSubType: 'E1000', ResourceType: 10 })}
      ${item({ InstanceID: 5, ResourceType: 35, ResourceSubType: 'ensoniq1371' })}
      ${item({ InstanceID: 6, ResourceType: 17, HostResource: '/disk/vmdisk1', Parent: 3, AddressOnParent: 0 })}
      ${more}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`
}
