package wine

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
)

// Every Go program asks bcryptprimitives.dll for its one function, ProcessPrng,
// which Wine has since version 8.18. An older function does the same with the same
// arguments, and a library may name another library's function as its own. So
// this library needs no code, and no compiler.
const (
	libraryName   = "bcryptprimitives.dll"
	exportedName  = "ProcessPrng"
	forwardedName = "ADVAPI32.SystemFunction036"
)

// bcryptPrimitives is that library: the headers, and one section that lists what
// the library has.
func bcryptPrimitives() []byte {
	const (
		base             = 0x180000000
		section          = 0x1000 // where the section lies in memory
		inFile           = 0x200  // and in the file
		directory        = 40     // the size of IMAGE_EXPORT_DIRECTORY
		functions, names = section + directory, section + directory + 4
		ordinals         = names + 4
		text             = ordinals + 2
	)
	nameAt := uint32(text)
	exportedAt := nameAt + uint32(len(libraryName)) + 1
	forwardedAt := exportedAt + uint32(len(exportedName)) + 1
	end := forwardedAt + uint32(len(forwardedName)) + 1

	var file bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&file, binary.LittleEndian, v) // into memory
		}
	}
	// What DOS would read: the place of the headers.
	put([60]byte{'M', 'Z'}, uint32(64), [4]byte{'P', 'E'})
	put(pe.FileHeader{
		Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1, SizeOfOptionalHeader: uint16(binary.Size(pe.OptionalHeader64{})),
		Characteristics: pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE | pe.IMAGE_FILE_DLL,
	})
	put(pe.OptionalHeader64{
		Magic: 0x20b, ImageBase: base, SectionAlignment: section, FileAlignment: inFile,
		MajorOperatingSystemVersion: 6, MajorSubsystemVersion: 6, Subsystem: pe.IMAGE_SUBSYSTEM_WINDOWS_GUI,
		SizeOfImage: 2 * section, SizeOfHeaders: inFile, NumberOfRvaAndSizes: 16,
		DataDirectory: [16]pe.DataDirectory{pe.IMAGE_DIRECTORY_ENTRY_EXPORT: {VirtualAddress: section, Size: end - section}},
	})
	put(pe.SectionHeader32{
		Name: [8]uint8{'.', 'e', 'd', 'a', 't', 'a'}, VirtualSize: end - section, VirtualAddress: section,
		SizeOfRawData: inFile, PointerToRawData: inFile, Characteristics: pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ,
	})
	put(make([]byte, inFile-file.Len()))
	// IMAGE_EXPORT_DIRECTORY: one function, one name.
	put([3]uint32{}, nameAt, uint32(1), uint32(1), uint32(1), uint32(functions), uint32(names), uint32(ordinals))
	put(forwardedAt, exportedAt, uint16(0))
	put([]byte(libraryName + "\x00" + exportedName + "\x00" + forwardedName + "\x00"))
	put(make([]byte, 2*inFile-file.Len()))
	return file.Bytes()
}
