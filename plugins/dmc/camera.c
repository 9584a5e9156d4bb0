#include "camera.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SHAPES 1000

/* What is used of EGL, by its specification: headers of it are not needed. */
#define EGL_OPENGL_API 0x30A2
#define EGL_NONE 0x3038
#define EGL_SURFACE_TYPE 0x3033
#define EGL_PBUFFER_BIT 1
#define EGL_RENDERABLE_TYPE 0x3040
#define EGL_OPENGL_BIT 8
#define EGL_DEPTH_SIZE 0x3025
#define EGL_PLATFORM_DEVICE 0x313F
#define EGL_PLATFORM_SURFACELESS 0x31DD
#define MOST_DEVICES 8

typedef void (*any_function)(void);

static struct {
    any_function (*get_address)(const char *name);
    void *(*get_platform_display)(unsigned platform, void *native, const int32_t *attributes);
    unsigned (*query_devices)(int32_t most, void **devices, int32_t *count);
    unsigned (*initialize)(void *display, int32_t *major, int32_t *minor);
    unsigned (*choose_config)(void *display, const int32_t *attributes, void **configs, int32_t most, int32_t *count);
    unsigned (*bind_api)(unsigned api);
    void *(*create_context)(void *display, void *config, void *share, const int32_t *attributes);
    unsigned (*destroy_context)(void *display, void *context);
    unsigned (*make_current)(void *display, void *draw, void *read, void *context);
    void *display; /* NULL: EGL was not tried, or cannot be used */
    void *config;
} egl;

struct camera {
    void *context; /* EGL's */
    mjvScene scene;
    mjvOption options;
    mjvCamera view;
    mjrContext renderer;
    uint32_t width, height; /* of its buffer */
};

/* C has no conversion between addresses of objects and of functions; POSIX says that the bytes are the same. */
static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL && egl.get_address != NULL) {
        any_function address = egl.get_address(name);
        memcpy(&symbol, &address, sizeof(symbol));
    }
    memcpy(function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

/* A display that needs no screen: of a device, or of Mesa. */
static bool find_display(void)
{
    static const int32_t attributes[] = {
        EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_DEPTH_SIZE, 24, EGL_NONE};
    void *devices[MOST_DEVICES] = {NULL};
    int32_t count = 0;

    if (egl.query_devices == NULL || !egl.query_devices(MOST_DEVICES, devices, &count)) {
        count = 0;
    }
    for (int32_t i = 0; i <= count; i++) {
        void *display = i < count ? egl.get_platform_display(EGL_PLATFORM_DEVICE, devices[i], NULL)
                                  : egl.get_platform_display(EGL_PLATFORM_SURFACELESS, NULL, NULL);
        int32_t configs = 0;
        if (display != NULL && egl.initialize(display, NULL, NULL) &&
            egl.choose_config(display, attributes, &egl.config, 1, &configs) && configs == 1) {
            egl.display = display;
            return true;
        }
    }
    return false;
}

/* Loads EGL once for all; it stays. */
static bool open_egl(char *error, size_t error_size)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&lock);
    if (egl.display == NULL) {
        void *library = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
        bool found =
            library != NULL && find(library, "eglGetProcAddress", &egl.get_address) &&
            find(library, "eglGetPlatformDisplayEXT", &egl.get_platform_display) &&
            find(library, "eglInitialize", &egl.initialize) && find(library, "eglChooseConfig", &egl.choose_config) &&
            find(library, "eglBindAPI", &egl.bind_api) && find(library, "eglCreateContext", &egl.create_context) &&
            find(library, "eglDestroyContext", &egl.destroy_context) &&
            find(library, "eglMakeCurrent", &egl.make_current);
        if (found) {
            find(library, "eglQueryDevicesEXT", &egl.query_devices); /* there may be none */
        }
        if (!found || !find_display()) {
            snprintf(error, error_size,
                     "render: picture=mujoco needs EGL with OpenGL (libEGL.so.1), which %s; picture=flat needs nothing",
                     found ? "offers no display here" : "was not found");
        }
    }
    bool is_open = egl.display != NULL;
    pthread_mutex_unlock(&lock);
    return is_open;
}

/* From here to `leave` the calling thread draws with the camera's context. */
static bool enter(const struct camera *camera)
{
    return egl.bind_api(EGL_OPENGL_API) && egl.make_current(egl.display, NULL, NULL, camera->context);
}

static void leave(void)
{
    egl.make_current(egl.display, NULL, NULL, NULL);
}

/* A call of MuJoCo's renderer. */
struct shot {
    struct camera *camera;
    mjModel *model;
    mjData *data;
    uint8_t *rgb;
    mjrRect area;
};

static void make_renderer(void *argument)
{
    const struct shot *shot = argument;
    struct camera *camera = shot->camera;

    mujoco.mjv_defaultOption(&camera->options);
    mujoco.mjv_defaultCamera(&camera->view);
    camera->view.type = mjCAMERA_FIXED;
    camera->view.fixedcamid = 0;
    mujoco.mjv_makeScene(shot->model, &camera->scene, MOST_SHAPES);
    mujoco.mjr_makeContext(shot->model, &camera->renderer, mjFONTSCALE_100);
}

static void take(void *argument)
{
    const struct shot *shot = argument;
    struct camera *camera = shot->camera;

    if (camera->width != (uint32_t)shot->area.width || camera->height != (uint32_t)shot->area.height) {
        mujoco.mjr_resizeOffscreen(shot->area.width, shot->area.height, &camera->renderer);
        camera->width = (uint32_t)shot->area.width;
        camera->height = (uint32_t)shot->area.height;
    }
    mujoco.mjr_setBuffer(mjFB_OFFSCREEN, &camera->renderer);
    mujoco.mjv_updateScene(shot->model, shot->data, &camera->options, NULL, &camera->view, mjCAT_ALL, &camera->scene);
    mujoco.mjr_render(shot->area, &camera->scene, &camera->renderer);
    mujoco.mjr_readPixels(shot->rgb, NULL, shot->area, &camera->renderer);
}

static struct camera *open_camera(mjModel *model, char *error, size_t error_size)
{
    struct camera *camera = calloc(1, sizeof(*camera));
    struct shot shot = {.camera = camera, .model = model};

    if (camera == NULL) {
        snprintf(error, error_size, "render: no memory for a camera");
        return NULL;
    }
    if (egl.bind_api(EGL_OPENGL_API)) {
        camera->context = egl.create_context(egl.display, egl.config, NULL, NULL);
    }
    if (camera->context == NULL || !enter(camera)) {
        snprintf(error, error_size, "render: EGL makes no context of OpenGL");
        camera_close(camera);
        return NULL;
    }
    bool made = mujoco_run(make_renderer, &shot, error, error_size);
    leave();
    if (!made) {
        camera_close(camera);
        return NULL;
    }
    return camera;
}

void camera_close(struct camera *camera)
{
    if (camera == NULL) {
        return;
    }
    if (camera->context != NULL && enter(camera)) {
        mujoco.mjr_freeContext(&camera->renderer);
        mujoco.mjv_freeScene(&camera->scene);
        leave();
    }
    if (camera->context != NULL) {
        egl.destroy_context(egl.display, camera->context);
    }
    free(camera);
}

/* OpenGL's rows begin at the bottom. */
static void turn_over(uint8_t *rgb, size_t row_bytes, uint32_t height)
{
    for (uint32_t y = 0; y < height / 2; y++) {
        uint8_t *upper = rgb + y * row_bytes;
        uint8_t *lower = rgb + (height - 1 - y) * row_bytes;
        for (size_t i = 0; i < row_bytes; i++) {
            uint8_t kept = upper[i];
            upper[i] = lower[i];
            lower[i] = kept;
        }
    }
}

bool camera_draw(struct camera **camera, mjModel *model, mjData *data, uint32_t width, uint32_t height, uint8_t *rgb,
                 char *error, size_t error_size)
{
    if (!open_egl(error, error_size)) {
        return false;
    }
    if (*camera == NULL) {
        *camera = open_camera(model, error, error_size);
    }
    struct shot shot = {*camera, model, data, rgb, {0, 0, (int)width, (int)height}};
    if (*camera == NULL) {
        return false;
    }
    if (!enter(*camera)) {
        snprintf(error, error_size, "render: another thread draws with this camera");
        return false;
    }
    bool taken = mujoco_run(take, &shot, error, error_size);
    leave();
    turn_over(rgb, 3 * (size_t)width, height);
    return taken;
}
