/* Records of a file lie one behind the other, within it and within their limit. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../importers/records.h"
#include "fuzz.h"

enum { RECORD_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct records records;
    struct record record;
    uint64_t number = 0, offset = 0;
    int more;
    int fd = memfd_create("records", MFD_CLOEXEC);
    EXPECT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    records_init(&records, RECORD_MAX);
    records_open(&records, fd, 0, false);
    while ((more = records_next(&records, &record)) > 0) {
        EXPECT(record.number == ++number);
        EXPECT(number == 1 ? record.offset == 0 : record.offset > offset);
        EXPECT(record.offset <= size);
        EXPECT(record.too_long == (record.bytes == NULL));
        EXPECT(record.size <= RECORD_MAX && record.size <= size - record.offset);
        EXPECT(!record.alone || number == 1);
        if (record.kind != RECORD_MBOX && record.size > 0)
            EXPECT(memcmp(record.bytes, bytes + record.offset, record.size) == 0);
        offset = record.offset;
    }
    EXPECT(more == 0 && number > 0);
    records_free(&records);
    close(fd);
    return 0;
}
