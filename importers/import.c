#include <stdio.h>
#include <sysexits.h>

int main(void)
{
    fputs("tlsrptop-import: the importer is not written yet\n", stderr);
    return EX_UNAVAILABLE;
}
