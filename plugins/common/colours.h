/* Colours that stay apart for every kind of colour vision (Okabe and Ito, "Color Universal Design", 2008). */
#ifndef ARQ_PLUGINS_COLOURS_H
#define ARQ_PLUGINS_COLOURS_H

#define COLOUR_BLACK 0x000000u
#define COLOUR_WHITE 0xffffffu
#define COLOUR_GREY 0x707070u
#define COLOUR_LIGHT_GREY 0xb0b0b0u
#define COLOUR_ORANGE 0xe69f00u
#define COLOUR_SKY_BLUE 0x56b4e9u
#define COLOUR_GREEN 0x009e73u
#define COLOUR_YELLOW 0xf0e442u
#define COLOUR_BLUE 0x0072b2u
#define COLOUR_VERMILLION 0xd55e00u
#define COLOUR_PURPLE 0xcc79a7u

#endif
