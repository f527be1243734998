#include "dashboard.h"
int main(int argc, char **argv)
{
    return dashboard_main(argc, argv);
}
